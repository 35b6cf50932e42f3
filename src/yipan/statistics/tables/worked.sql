-- What offices did with what they owed in a period, as it stood at a moment: a row for each office, rule and sort of crossing.
-- A duty counts in the period in which it fell due, once that moment is past; released and void ones do not.
SELECT
  office, rule, crossing,
  COUNT(CASE WHEN fell_due THEN 1 END) AS due,
  COUNT(CASE WHEN fell_due AND done AND closed_at < due_at THEN 1 END) AS kept,
  COUNT(CASE WHEN fell_due AND done AND closed_at >= due_at THEN 1 END) AS late,
  COUNT(CASE WHEN fell_due AND NOT done THEN 1 END) AS overdue,
  COUNT(CASE WHEN state = 'released' AND closed_at >= $first AND closed_at < $as_of THEN 1 END) AS released,
  COUNT(CASE WHEN opened_at >= $first AND opened_at < $after THEN 1 END) AS opened
FROM (
  SELECT
    office, rule, crossing, state, opened_at, closed_at, due_at,
    state = 'discharged' AND closed_at < $as_of AS done,
    due_at > $first AND due_at <= $after AND due_at <= $as_of
      AND (state <> 'released' OR closed_at >= $as_of) AS fell_due
  FROM duties
  WHERE state <> 'void' AND opened_at < $after
) AS judged
GROUP BY office, rule, crossing

-- What an office owed another and what it sent it, in one direction: of the debtor, by what the other end holds.
SELECT
  debtor, creditor, SUM(due) AS due, SUM(kept) AS kept, SUM(late) AS late, SUM(overdue) AS overdue,
  SUM(attested) AS attested, SUM(sent) AS sent, SUM(arrived) AS arrived, SUM(early) AS early
FROM (
  SELECT
    office AS debtor, owed_to AS creditor, 1 AS due,
    CASE WHEN state = 'discharged' AND closed_at < due_at AND closed_at < $as_of THEN 1 ELSE 0 END AS kept,
    CASE WHEN state = 'discharged' AND closed_at >= due_at AND closed_at < $as_of THEN 1 ELSE 0 END AS late,
    CASE WHEN state <> 'discharged' OR closed_at >= $as_of THEN 1 ELSE 0 END AS overdue,
    CASE WHEN closed_by = owed_to AND closed_at < $as_of THEN 1 ELSE 0 END AS attested,
    0 AS sent, 0 AS arrived, 0 AS early
  FROM duties
  WHERE state <> 'void' AND opened_at < $after AND due_at > $first AND due_at <= $after AND due_at <= $as_of
    AND (state <> 'released' OR closed_at >= $as_of) AND owed_to <> 'person' AND owed_to <> 'public'
  UNION ALL
  SELECT
    office AS debtor, partner AS creditor, 0 AS due, 0 AS kept, 0 AS late, 0 AS overdue, 0 AS attested, 1 AS sent, arrived, early
  FROM sent
) AS told
GROUP BY debtor, creditor

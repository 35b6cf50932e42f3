-- Duties of an office that another closed for it: by its own word alone that it was done.
SELECT
  office, closed_by AS partner, thread, rule AS what, closed_by AS other, opened_at AS began_at, due_at, closed_at AS done_at, closed_told_at AS noted_at,
  TRUE AS is_seen
FROM duties
WHERE state = 'discharged' AND closed_by <> '' AND closed_by <> office AND closed_by <> owed_by AND closed_at >= $first AND closed_at < $after

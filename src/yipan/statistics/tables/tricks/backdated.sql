-- Duties done: seen are those in time only by a moment before the one at which it was noted, which was after the deadline.
SELECT
  office, '' AS partner, thread, rule AS what, owed_to AS other, opened_at AS began_at, due_at, closed_at AS done_at, closed_told_at AS noted_at,
  closed_at < due_at AND closed_told_at >= due_at AS is_seen
FROM duties
WHERE state = 'discharged' AND NOT due_at IS NULL AND closed_at >= $first AND closed_at < $after

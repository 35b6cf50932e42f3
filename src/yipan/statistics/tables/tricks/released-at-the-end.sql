-- Duties that ended without fault: seen are those of the last day or after it, a no that came just in time for the office.
SELECT
  office, '' AS partner, thread, rule AS what, owed_to AS other, opened_at AS began_at, due_at, closed_at AS done_at, closed_told_at AS noted_at,
  closed_at >= due_at - INTERVAL 1 DAY AS is_seen
FROM duties
WHERE state = 'released' AND NOT due_at IS NULL AND closed_at > opened_at AND closed_at >= $first AND closed_at < $after

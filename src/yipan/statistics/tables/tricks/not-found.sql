-- Answers of an office: seen are those that say "not found", with its reason or without, or "not enrolled here".
SELECT
  office, '' AS partner, thread, rule AS what, owed_to AS other, opened_at AS began_at, due_at, closed_at AS done_at, closed_told_at AS noted_at,
  answer IN ('not-found', 'not-found-unexplained', 'not-enrolled-here') AS is_seen
FROM duties
WHERE state = 'discharged' AND answer <> '' AND closed_at >= $first AND closed_at < $after

-- Answers that say "not found", with its reason or without, or "not enrolled here": how many of an office's answers.
SELECT office, '' AS partner, COUNT(CASE WHEN answer IN ('not-found', 'not-found-unexplained', 'not-enrolled-here') THEN 1 END) AS times, COUNT(*) AS among
FROM duties
WHERE state = 'discharged' AND answer <> '' AND closed_at >= $first AND closed_at < $after
GROUP BY office

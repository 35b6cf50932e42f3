-- Duties that ended without fault on the last day or after it: a no that came just in time for the office.
SELECT office, '' AS partner, COUNT(CASE WHEN closed_at >= due_at - INTERVAL 1 DAY THEN 1 END) AS times, COUNT(*) AS among
FROM duties
WHERE state = 'released' AND NOT due_at IS NULL AND closed_at > opened_at AND closed_at >= $first AND closed_at < $after
GROUP BY office

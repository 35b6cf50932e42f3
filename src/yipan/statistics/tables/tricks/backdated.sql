-- Duties that count as done in time only by a moment before the one at which it was noted: noted after the deadline.
SELECT office, '' AS partner, COUNT(CASE WHEN closed_at < due_at AND closed_told_at >= due_at THEN 1 END) AS times, COUNT(*) AS among
FROM duties
WHERE state = 'discharged' AND NOT due_at IS NULL AND closed_at >= $first AND closed_at < $after
GROUP BY office

-- Duties of an office that another closed for it: the other's word that it was done.
SELECT office, closed_by AS partner, COUNT(*) AS times, COUNT(*) AS among
FROM duties
WHERE state = 'discharged' AND closed_by <> '' AND closed_by <> office AND closed_by <> owed_by AND closed_at >= $first AND closed_at < $after
GROUP BY office, closed_by

-- Registrations, once for each home office; and notices in time, releases, and notices that are not due yet.
SELECT
  COALESCE(a.office, d.office) AS office, '' AS partner, 'notices' AS what,
  COALESCE(a.homes, 0) AS left_count, COALESCE(d.settled, 0) AS right_count
FROM (
  SELECT office, COUNT(*) AS homes
  FROM standing
  WHERE kind = 'birth-registration.entered' AND role IN ('her_home', 'his_home') AND counts_at >= $first AND counts_at < $after
  GROUP BY office
) AS a
FULL OUTER JOIN (
  SELECT d.owed_by AS office,
    COUNT(CASE WHEN d.state = 'released' OR d.closed_at < d.due_at OR (d.state = 'open' AND d.due_at > $as_of) THEN 1 END) AS settled
  FROM duties AS d
  JOIN figure_duties AS r ON r.rule = d.rule AND r.figure = $check
  WHERE d.state <> 'void' AND d.opened_at >= $first AND d.opened_at < $after
  GROUP BY d.owed_by
) AS d ON d.office = a.office

-- Registrations, once for each home office; and what became of telling it: in time, late, overdue, not due yet, released.
-- A late notice is a figure of the report and no contradiction in it: an office that was late must be able to say so.
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
    COUNT(*) AS settled
  FROM duties AS d
  JOIN figure_duties AS r ON r.rule = d.rule AND r.figure = $check
  WHERE d.state <> 'void' AND d.opened_at >= $first AND d.opened_at < $after
  GROUP BY d.owed_by
) AS d ON d.office = a.office

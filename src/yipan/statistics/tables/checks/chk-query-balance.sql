-- Queries that arrived at an office, by letter or by the system, and the duties to answer that were opened of them.
SELECT
  COALESCE(a.office, d.office) AS office, '' AS partner, 'queries' AS what,
  COALESCE(a.cases, 0) AS left_count, COALESCE(d.cases, 0) AS right_count
FROM (
  SELECT office, COUNT(DISTINCT thread) AS cases
  FROM (
    -- Noted by the office itself, or by the one that asked, with evidence.
    SELECT COALESCE(sent.partner, e.office) AS office, e.thread
    FROM standing AS e
    JOIN figure_kinds AS k ON k.kind = e.kind AND k.figure = $check
    JOIN kind_follows AS f ON f.kind = e.kind
    JOIN (
      SELECT s.thread, s.kind, s.partner FROM standing AS s JOIN kind_sends AS sends ON sends.kind = s.kind AND sends.role = s.role
    ) AS sent ON sent.thread = e.thread AND sent.kind = f.after AND (sent.partner = e.office OR sent.partner = e.partner)
    WHERE e.counts_at >= $first AND e.counts_at < $after
    UNION ALL
    SELECT s.partner AS office, s.thread
    FROM standing AS s
    JOIN kind_sends AS sends ON sends.kind = s.kind AND sends.role = s.role
    JOIN kind_follows AS f ON f.after = s.kind
    JOIN figure_kinds AS k ON k.kind = f.kind AND k.figure = $check
    WHERE s.said['channel'] = 'system' AND s.counts_at >= $first AND s.counts_at < $after
  ) AS arrived
  GROUP BY office
) AS a
FULL OUTER JOIN (
  SELECT d.owed_by AS office, COUNT(DISTINCT d.thread) AS cases
  FROM duties AS d
  JOIN figure_duties AS r ON r.rule = d.rule AND r.figure = $check
  WHERE d.state <> 'void' AND d.opened_at >= $first AND d.opened_at < $after
  GROUP BY d.owed_by
) AS d ON d.office = a.office

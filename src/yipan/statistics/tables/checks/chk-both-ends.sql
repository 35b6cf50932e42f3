-- What one end sent, and how much of it the other end has: by a receipt of the system, or an entry that says when it arrived.
SELECT s.office, s.partner, s.kind AS what, COUNT(*) AS left_count, COUNT(CASE WHEN s.said['channel'] = 'system' OR NOT a.thread IS NULL THEN 1 END) AS right_count
FROM standing AS s
JOIN figure_kinds AS k ON k.kind = s.kind AND k.figure = $check
JOIN kind_sends AS sends ON sends.kind = s.kind AND sends.role = s.role
LEFT JOIN (
  SELECT DISTINCT f.after AS kind, e.thread, p.office
  FROM standing AS e
  JOIN kind_follows AS f ON f.kind = e.kind
  JOIN figure_kinds AS k ON k.kind = e.kind AND k.figure = $check
  JOIN (
    SELECT key, office FROM standing WHERE nth = 1
    UNION ALL SELECT key, partner FROM standing WHERE partner <> ''
  ) AS p ON p.key = e.key
  WHERE e.nth = 1
) AS a ON a.kind = s.kind AND a.thread = s.thread AND a.office = s.partner
WHERE s.counts_at >= $first AND s.counts_at < $after
GROUP BY s.office, s.partner, s.kind

-- Of the entries of these kinds: those that say one of these choices in each of these fields.
SELECT
  k.figure, e.office,
  COUNT(CASE WHEN w.figure IS NULL OR e.said[w.field] = w.choice THEN 1 END) AS top,
  COUNT(DISTINCT e.key) AS bottom
FROM standing AS e
JOIN figure_kinds AS k ON k.kind = e.kind
JOIN figures AS f ON f.figure = k.figure AND f.measure = 'entries'
LEFT JOIN figure_where AS w ON w.figure = k.figure
WHERE e.nth = 1 AND e.counts_at >= $first AND e.counts_at < $after
GROUP BY k.figure, e.office

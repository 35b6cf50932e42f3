-- Acts of cooperation less breaches of it.
SELECT figure, office, SUM(points) AS top, 1 AS bottom
FROM (
  SELECT k.figure, e.office, 1 AS points
  FROM standing AS e
  JOIN figure_kinds AS k ON k.kind = e.kind
  JOIN figures AS f ON f.figure = k.figure AND f.measure = 'points'
  WHERE e.nth = 1 AND e.counts_at >= $first AND e.counts_at < $after
  UNION ALL
  SELECT fb.figure, b.office, -b.times AS points
  FROM breached AS b
  JOIN figure_breaches AS fb ON fb.breach = b.breach
  JOIN figures AS f ON f.figure = fb.figure AND f.measure = 'points'
) AS counted
GROUP BY figure, office

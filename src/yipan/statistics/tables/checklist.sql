-- Of the choices listed: those of which there is an entry in the period.
SELECT
  k.figure, e.office, COUNT(DISTINCT w.choice) AS top, MAX(n.choices) AS bottom
FROM standing AS e
JOIN figure_kinds AS k ON k.kind = e.kind
JOIN figures AS f ON f.figure = k.figure AND f.measure = 'checklist'
JOIN (SELECT figure, COUNT(*) AS choices FROM figure_where GROUP BY figure) AS n ON n.figure = k.figure
LEFT JOIN figure_where AS w ON w.figure = k.figure AND e.said[w.field] = w.choice
WHERE e.nth = 1 AND e.counts_at >= $first AND e.counts_at < $after
GROUP BY k.figure, e.office

-- Of the duties of these rules that fell due: those done in time.
SELECT
  r.figure, w.office, SUM(w.kept) AS top, SUM(w.due) AS bottom
FROM worked AS w
JOIN figure_duties AS r ON r.rule = w.rule
JOIN figures AS f ON f.figure = r.figure AND f.measure = 'in-time' AND (f.crossing = '' OR f.crossing = w.crossing)
WHERE w.due > 0
GROUP BY r.figure, w.office

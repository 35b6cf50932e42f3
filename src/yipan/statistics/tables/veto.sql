-- Breaches of rights established against an office. Where there is none there is no row.
SELECT fb.figure, b.office, SUM(b.times) AS top, 1 AS bottom
FROM breached AS b
JOIN figure_breaches AS fb ON fb.breach = b.breach
JOIN figures AS f ON f.figure = fb.figure AND f.measure = 'veto'
GROUP BY fb.figure, b.office

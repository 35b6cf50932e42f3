-- Certificates asked for; and those issued, refused with reasons, withdrawn or open, by the duties that the requests opened.
SELECT
  a.office, '' AS partner, 'certificates' AS what, COUNT(DISTINCT a.thread) AS left_count,
  COUNT(DISTINCT CASE WHEN d.state IN ('open', 'discharged', 'released') THEN d.thread END) AS right_count
FROM standing AS a
JOIN figure_kinds AS k ON k.kind = a.kind AND k.figure = $check AND k.nth = 1
LEFT JOIN duties AS d
  ON d.thread = a.thread AND d.rule IN (SELECT rule FROM figure_duties WHERE figure = $check)
WHERE a.nth = 1 AND a.counts_at >= $first AND a.counts_at < $after
GROUP BY a.office

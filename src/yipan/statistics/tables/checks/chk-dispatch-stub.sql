-- Notices sent, once for each office that they are addressed to, and those of which the case holds a stub: a duty closed by it.
SELECT s.office, s.partner, s.kind AS what, COUNT(*) AS left_count, COUNT(CASE WHEN NOT d.thread IS NULL THEN 1 END) AS right_count
FROM standing AS s
JOIN figure_kinds AS k ON k.kind = s.kind AND k.figure = $check
LEFT JOIN (
  SELECT DISTINCT thread, owed_by, owed_to, closed_kind FROM duties WHERE state = 'discharged'
) AS d ON d.thread = s.thread AND d.owed_by = s.office AND d.owed_to = s.partner AND d.closed_kind = s.kind
WHERE s.partner <> '' AND s.counts_at >= $first AND s.counts_at < $after
GROUP BY s.office, s.partner, s.kind

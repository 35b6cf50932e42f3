-- Cases in which one end asked the other, as the asking end counts them; and as the other end has a duty of them.
SELECT s.office, s.partner, s.kind AS what, COUNT(DISTINCT s.thread) AS left_count, COUNT(DISTINCT d.thread) AS right_count
FROM standing AS s
JOIN figure_kinds AS k ON k.kind = s.kind AND k.figure = $check
JOIN kind_sends AS sends ON sends.kind = s.kind AND sends.role = s.role
LEFT JOIN duties AS d ON d.thread = s.thread AND d.owed_by = s.partner AND d.owed_to = s.office AND d.state <> 'void'
WHERE s.counts_at >= $first AND s.counts_at < $after
GROUP BY s.office, s.partner, s.kind

-- What one end sent, and how much of it the other end has: by a receipt of the system, or an entry that says when it arrived.
SELECT s.office, s.partner, s.kind AS what, COUNT(*) AS left_count, SUM(s.arrived) AS right_count
FROM sent AS s
JOIN figure_kinds AS k ON k.kind = s.kind AND k.figure = $check
GROUP BY s.office, s.partner, s.kind

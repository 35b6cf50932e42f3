-- Matters dated in a month for which a nil return stands.
SELECT nil.office, '' AS partner, nil.month AS what, COUNT(e.key) AS left_count, 0 AS right_count
FROM (
  SELECT DISTINCT office, said['period'] AS month
  FROM standing
  WHERE nth = 1 AND said['content'] = 'nil' AND said['period'] >= $first_month AND said['period'] <= $last_month
) AS nil
JOIN standing AS e
  ON e.office = nil.office AND e.nth = 1 AND e.kind = 'request.passed-on' AND STRFTIME(e.counts_at, '%Y-%m') = nil.month
GROUP BY nil.office, nil.month

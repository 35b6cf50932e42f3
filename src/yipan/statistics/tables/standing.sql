-- Entries as they stand: of those of one chain of corrections the last, none where it was withdrawn.
-- A correction names what it corrects, which may be a correction itself: two steps reach any that a desk makes.
WITH rooted AS (
  SELECT
    e.key, e.thread, e.kind, e.office, e.recorded_by, e.role, e.partner, e.nth, e.counts_at, e.recorded_at, e.counts_by,
    e.said, e.corrects,
    COALESCE(b.corrects, e.corrects, e.key) AS root
  FROM entries AS e
  LEFT JOIN (SELECT key, corrects FROM entries WHERE nth = 1 AND NOT corrects IS NULL) AS b
    ON e.corrects = b.key
), last AS (
  SELECT root, MAX(recorded_at) AS recorded_at FROM rooted WHERE nth = 1 AND NOT corrects IS NULL GROUP BY root
)
SELECT
  r.key, r.thread, r.kind, r.office, r.recorded_by, r.role, r.partner, r.nth, r.counts_at, r.recorded_at, r.counts_by,
  r.said, r.corrects
FROM rooted AS r
LEFT JOIN last AS l ON r.root = l.root
WHERE r.kind <> 'event.retracted'
  AND (l.root IS NULL OR (NOT r.corrects IS NULL AND r.recorded_at = l.recorded_at))

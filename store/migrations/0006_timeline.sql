-- What was said of an incident, in order: dispatch's events are few among those of the fleet.

CREATE INDEX events_incident ON events (coalesce(body ->> 'incident', body ->> 'id'), seq)
WHERE kind IN ('incident', 'plan', 'offer', 'notice');

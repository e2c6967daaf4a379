/** Where a name is written: the middle of an area's largest part. Pure. */

type Ring = GeoJSON.Position[];

export function areaNames(areas: GeoJSON.FeatureCollection): GeoJSON.FeatureCollection {
  const features = areas.features.flatMap((area): GeoJSON.Feature[] => {
    const shell = largest(area.geometry);
    const name = String(area.properties?.["name"] ?? "");
    return shell && name ? [{ type: "Feature", properties: { name }, geometry: { type: "Point", coordinates: centroid(shell) } }] : [];
  });
  return { type: "FeatureCollection", features };
}

/** Where the name of one area is written. */
export function namePoint(geometry: GeoJSON.Geometry | null): [number, number] | undefined {
  const shell = largest(geometry);
  const [lon, lat] = shell ? centroid(shell) : [];
  return lon === undefined || lat === undefined ? undefined : [lon, lat];
}

export function bounds(collection: GeoJSON.FeatureCollection): [number, number, number, number] | null {
  const box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const feature of collection.features) {
    for (const [x = 0, y = 0] of shells(feature.geometry).flat()) {
      box[0] = Math.min(box[0], x);
      box[1] = Math.min(box[1], y);
      box[2] = Math.max(box[2], x);
      box[3] = Math.max(box[3], y);
    }
  }
  return Number.isFinite(box[0]) ? box : null;
}

function shells(geometry: GeoJSON.Geometry | null): Ring[] {
  if (geometry?.type === "Polygon") return geometry.coordinates.slice(0, 1);
  if (geometry?.type === "MultiPolygon") return geometry.coordinates.flatMap((part) => part.slice(0, 1));
  return [];
}

function largest(geometry: GeoJSON.Geometry | null): Ring | undefined {
  return shells(geometry).sort((a, b) => Math.abs(doubleArea(b)) - Math.abs(doubleArea(a)))[0];
}

function doubleArea(ring: Ring): number {
  return pairs(ring).reduce((sum, [[x1 = 0, y1 = 0], [x2 = 0, y2 = 0]]) => sum + x1 * y2 - x2 * y1, 0);
}

function centroid(ring: Ring): GeoJSON.Position {
  const [ox = 0, oy = 0] = ring[0] ?? []; // relative to the first point: no cancellation
  let x = 0;
  let y = 0;
  let sum = 0;
  for (const [[x1 = 0, y1 = 0], [x2 = 0, y2 = 0]] of pairs(ring)) {
    const cross = (x1 - ox) * (y2 - oy) - (x2 - ox) * (y1 - oy);
    x += (x1 + x2 - 2 * ox) * cross;
    y += (y1 + y2 - 2 * oy) * cross;
    sum += cross;
  }
  return sum ? [ox + x / (3 * sum), oy + y / (3 * sum)] : [ox, oy];
}

const pairs = (ring: Ring): [GeoJSON.Position, GeoJSON.Position][] =>
  ring.slice(1).map((point, i): [GeoJSON.Position, GeoJSON.Position] => [ring[i] ?? point, point]);

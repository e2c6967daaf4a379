/** Shaders of the unit layer. Sizes are CSS pixels; shapes are signed distances, so they stay sharp at any scale. */

export const VERTEX = `#version 300 es
layout(location = 0) in vec2 a_from;
layout(location = 1) in vec2 a_to;
layout(location = 2) in vec3 a_form;   // heading, shape, hollow
layout(location = 3) in vec3 a_look;   // radius, colour, selected
uniform mat4 u_matrix;
uniform vec2 u_viewport;
uniform float u_glide;
uniform float u_scale;
uniform vec3 u_palette[5];
out vec2 v_at;
flat out vec3 v_form;
flat out vec2 v_look;
flat out vec3 v_colour;
void main() {
  vec2 corner = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1)) * 2.0 - 1.0;
  float radius = a_look.x * u_scale;
  float reach = radius + 12.0;
  gl_Position = u_matrix * vec4(mix(a_from, a_to, u_glide), 0.0, 1.0);
  gl_Position.xy += corner * reach / u_viewport * 2.0 * gl_Position.w;
  v_at = corner * vec2(reach, -reach);   // y grows downwards, as on the screen
  v_form = a_form;
  v_look = vec2(radius, a_look.z);
  v_colour = u_palette[int(a_look.y)];
}`;

export const FRAGMENT = `#version 300 es
precision highp float;
in vec2 v_at;
flat in vec3 v_form;
flat in vec2 v_look;
flat in vec3 v_colour;
uniform float u_ratio;
uniform vec3 u_halo;
out vec4 colour;

float box(vec2 p, vec2 b, float r) {
  vec2 q = abs(p) - b + r;
  return length(max(q, 0.0)) + min(max(q.x, q.y), 0.0) - r;
}

float edge(vec2 p, vec2 a, vec2 b, inout float side) {
  vec2 e = b - a, w = p - a;
  vec2 d = w - e * clamp(dot(w, e) / dot(e, e), 0.0, 1.0);
  bvec3 c = bvec3(p.y >= a.y, p.y < b.y, e.x * w.y > e.y * w.x);
  if (all(c) || all(not(c))) side = -side;
  return dot(d, d);
}

float arrow(vec2 p, float r) {
  vec2 tip = vec2(0.0, -1.25) * r, left = vec2(-0.88, 0.95) * r, notch = vec2(0.0, 0.5) * r, right = vec2(0.88, 0.95) * r;
  float side = 1.0;
  float d = min(min(edge(p, tip, right, side), edge(p, right, notch, side)),
                min(edge(p, notch, left, side), edge(p, left, tip, side)));
  return side * sqrt(d) - 1.0;
}

float triangle(vec2 p, float r) {
  vec2 a = vec2(0.0, -1.0) * r, b = vec2(0.95, 0.7) * r, c = vec2(-0.95, 0.7) * r;
  float side = 1.0;
  float d = min(min(edge(p, a, b, side), edge(p, b, c, side)), edge(p, c, a, side));
  return side * sqrt(d) - 3.0;
}

float form(int shape, vec2 p, float r) {
  if (shape == 0) {
    float s = sin(v_form.x), c = cos(v_form.x);
    return arrow(mat2(c, -s, s, c) * p, r);
  }
  if (shape == 2) return box(p, vec2(r * 0.86), 2.5);
  if (shape == 3) return box(mat2(0.7071, -0.7071, 0.7071, 0.7071) * p, vec2(r * 0.8), 1.5);
  if (shape == 4) return triangle(p, r);
  return length(p) - (shape == 5 ? r : r * 0.9);
}

float cover(float d) { return clamp(0.5 - d * u_ratio, 0.0, 1.0); }

void over(inout vec4 under, vec3 c, float a) { under = vec4(c * a, a) + under * (1.0 - a); }

void main() {
  int shape = int(v_form.y + 0.5);
  float r = v_look.x;
  float d = form(shape, v_at, r);
  vec4 sum = vec4(0.0);
  if (shape == 4) over(sum, v_colour, 0.22 * cover(d - 7.0));
  if (v_look.y > 0.5) {
    over(sum, u_halo, 0.9 * cover(abs(length(v_at) - r - 6.5) - 2.5));
    over(sum, vec3(1.0) - u_halo, cover(abs(length(v_at) - r - 6.5) - 1.1));
  }
  over(sum, u_halo, 0.95 * cover(d - 2.0));
  over(sum, v_colour, cover(d));
  if (v_form.z > 0.5) over(sum, u_halo, cover(d + 2.4));
  if (shape == 4) {
    vec3 ink = v_form.z > 0.5 ? v_colour : vec3(1.0);
    float bar = box(v_at - vec2(0.0, -r * 0.06), vec2(1.25, r * 0.36), 1.2);
    float dot_ = length(v_at - vec2(0.0, r * 0.58)) - 1.5;
    over(sum, ink, cover(min(bar, dot_)));
  }
  if (sum.a < 0.004) discard;
  colour = sum;
}`;

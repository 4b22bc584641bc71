#version 440

// One triangle over the whole window; hands on the screen px from the window's upper left corner.
layout(location = 0) out vec2 at;

layout(std140, binding = 0) uniform Place {
    mat4 clip;       // what the graphics system needs done to clip space
    vec4 window;     // width, height of the window in px; 1 where px are shown as squares; 1 where the planes hold colours
    vec4 start;      // place of screen px (0, 0) in the planes: which px (x, y), and how far into it (x, y)
    vec4 picture;    // left, top, right, bottom of the picture in screen px
    vec4 planes;     // width, height of the planes; px of the planes a screen px; 1 where material is shown
    vec4 background;
};

void main() {
    vec2 corner = vec2(gl_VertexIndex == 1 ? 2.0 : 0.0, gl_VertexIndex == 2 ? 2.0 : 0.0);
    at = corner * window.xy;
    gl_Position = clip * vec4(corner.x * 2.0 - 1.0, 1.0 - corner.y * 2.0, 0.0, 1.0);
}

#version 440

// The colour of a screen px: its counts to brightness, brightness and material to colour; then four neighbours are mixed.
// The same as imaging.paint and imaging.render do, to within a grey step.
layout(location = 0) in vec2 at;
layout(location = 0) out vec4 colour;

layout(std140, binding = 0) uniform Place {
    mat4 clip;
    vec4 window;
    vec4 start;
    vec4 picture;
    vec4 planes;
    vec4 background;
};

layout(binding = 1) uniform sampler2D counts;
layout(binding = 2) uniform sampler2D codes;
layout(binding = 3) uniform sampler2D brightness;
layout(binding = 4) uniform sampler2D colours;

vec4 of(ivec2 px) {
    px = clamp(px, ivec2(0), ivec2(planes.xy) - 1);
    if (window.w > 0.5)
        return texelFetch(counts, px, 0).bgra;
    int count = int(texelFetch(counts, px, 0).r * 65535.0 + 0.5);
    int value = int(texelFetch(brightness, ivec2(count & 255, count >> 8), 0).r * 255.0 + 0.5);
    int code = planes.w > 0.5 ? int(texelFetch(codes, px, 0).r * 255.0 + 0.5) : 0;
    return texelFetch(colours, ivec2(value, code), 0).bgra;
}

void main() {
    vec2 px = floor(at);
    if (any(lessThan(px, picture.xy)) || any(greaterThanEqual(px, picture.zw))) {
        colour = background;
        return;
    }
    ivec2 whole = ivec2(start.xy);
    if (window.z > 0.5) {
        colour = vec4(of(whole + ivec2(floor(start.zw + (px + 0.5) * planes.z))).rgb, 1.0);
        return;
    }
    vec2 place = start.zw + (px + 0.5) * planes.z - 0.5;
    vec2 share = fract(place);
    ivec2 near = whole + ivec2(floor(place));
    vec4 above = mix(of(near), of(near + ivec2(1, 0)), share.x);
    vec4 below = mix(of(near + ivec2(0, 1)), of(near + ivec2(1, 1)), share.x);
    colour = vec4(mix(above, below, share.y).rgb, 1.0);
}

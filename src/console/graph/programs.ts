import { EdgeRectangleProgram, NodeCircleProgram } from 'sigma/rendering'
import type { EdgeDisplayData, NodeDisplayData, RenderParams } from 'sigma/types'
import { floatColor } from 'sigma/utils'

/** Numbers of shapes in the shader below. */
export const SHAPES = { circle: 0, diamond: 1, square: 2, hexagon: 3 } as const

const NODE_VERTEX = /* glsl */ `
attribute vec4 a_id;
attribute vec4 a_color;
attribute vec4 a_ring;
attribute vec2 a_position;
attribute float a_size;
attribute float a_shape;
attribute float a_angle;

uniform mat3 u_matrix;
uniform float u_sizeRatio;
uniform float u_correctionRatio;

varying vec4 v_color;
varying vec4 v_ring;
varying vec2 v_from;
varying float v_radius;
varying float v_shape;

const float bias = 255.0 / 254.0;

void main() {
  float size = a_size * u_correctionRatio / u_sizeRatio * 4.0;
  vec2 from = size * vec2(cos(a_angle), sin(a_angle));
  gl_Position = vec4((u_matrix * vec3(a_position + from, 1)).xy, 0, 1);
  v_from = from;
  v_radius = size / 2.0;
  v_shape = a_shape;
  v_ring = a_ring;
  #ifdef PICKING_MODE
  v_color = a_id;
  #else
  v_color = a_color;
  #endif
  v_color.a *= bias;
  v_ring.a *= bias;
}
`

const NODE_FRAGMENT = /* glsl */ `
precision highp float;

varying vec4 v_color;
varying vec4 v_ring;
varying vec2 v_from;
varying float v_radius;
varying float v_shape;

uniform float u_correctionRatio;

float reach(vec2 p) {
  vec2 q = abs(p);
  if (v_shape < 0.5) return length(p);
  if (v_shape < 1.5) return (q.x + q.y) * 0.9;
  if (v_shape < 2.5) return max(q.x, q.y) * 1.16;
  return max(q.x * 0.866 + q.y * 0.5, q.y) * 1.1;
}

void main(void) {
  float edge = u_correctionRatio * 2.0;
  float d = reach(v_from) - v_radius + edge;
  #ifdef PICKING_MODE
  gl_FragColor = d > edge ? vec4(0.0) : v_color;
  #else
  float rim = max(edge * 1.1, v_radius * 0.24);
  vec4 inner = mix(v_color, v_ring, clamp((d + rim) / edge, 0.0, 1.0));
  gl_FragColor = inner * (1.0 - clamp(d / edge, 0.0, 1.0));
  #endif
}
`

interface ShownNode extends NodeDisplayData {
  readonly shape?: number
  readonly ring?: string
}

/** Nodes of several shapes with a ring, so that role and state are told by more than a colour. */
export class ShapeProgram extends NodeCircleProgram {
  override getDefinition() {
    const definition = super.getDefinition()
    const { FLOAT, UNSIGNED_BYTE } = WebGLRenderingContext
    return {
      ...definition,
      VERTEX_SHADER_SOURCE: NODE_VERTEX,
      FRAGMENT_SHADER_SOURCE: NODE_FRAGMENT,
      ATTRIBUTES: [
        { name: 'a_position', size: 2, type: FLOAT },
        { name: 'a_size', size: 1, type: FLOAT },
        { name: 'a_shape', size: 1, type: FLOAT },
        { name: 'a_color', size: 4, type: UNSIGNED_BYTE, normalized: true },
        { name: 'a_ring', size: 4, type: UNSIGNED_BYTE, normalized: true },
        { name: 'a_id', size: 4, type: UNSIGNED_BYTE, normalized: true },
      ] as ReturnType<NodeCircleProgram['getDefinition']>['ATTRIBUTES'],
    }
  }

  override processVisibleItem(nodeIndex: number, startIndex: number, data: ShownNode): void {
    const values = [
      data.x,
      data.y,
      data.size,
      data.shape ?? 0,
      floatColor(data.color),
      floatColor(data.ring ?? data.color),
      nodeIndex,
    ]
    for (const [at, value] of values.entries()) this.array[startIndex + at] = value
  }
}

/** The program of sigma with a distance along the line handed on, and gaps where a link is not up. */
function withDashes(vertex: string, fragment: string): [string, string] {
  return [
    vertex
      .replace(
        'attribute vec4 a_id;',
        'attribute vec4 a_id;\nattribute float a_dash;\nvarying float v_along;\nvarying float v_dash;',
      )
      .replace(
        'v_normal = unitNormal;',
        'v_normal = unitNormal;\n  v_dash = a_dash;\n  v_along = a_positionCoef * length(a_positionEnd - a_positionStart) / (u_correctionRatio / u_sizeRatio * u_sizeRatio);',
      ),
    fragment
      .replace(
        'varying vec4 v_color;',
        'varying vec4 v_color;\nvarying float v_along;\nvarying float v_dash;',
      )
      .replace(
        '#ifdef PICKING_MODE',
        '#ifndef PICKING_MODE\n  if (v_dash > 0.5 && fract(v_along / 14.0) > 0.55) discard;\n  #endif\n  #ifdef PICKING_MODE',
      )
      .replace('precision mediump float;', 'precision highp float;'),
  ]
}

interface ShownEdge extends EdgeDisplayData {
  readonly dash?: number
}

/** What is to be left out of a frame. */
export interface Thrift {
  readonly hidesLines: boolean
  /** Whether lines can be clicked: finding out which one costs a second picture. */
  readonly isClickable: boolean
}

/** Lines of one picture, of which some may be left out. */
export function dashProgram(thrift: Thrift): typeof DashProgram {
  return class extends DashProgram {
    override render(params: RenderParams): void {
      if (thrift.hidesLines) return
      const { pickProgram } = this
      if (!thrift.isClickable) this.pickProgram = null
      super.render(params)
      this.pickProgram = pickProgram
    }
  }
}

/** Lines, whole or dashed: a link that is not up is told by more than its colour. */
class DashProgram extends EdgeRectangleProgram {
  override getDefinition() {
    const definition = super.getDefinition()
    const [vertex, fragment] = withDashes(definition.VERTEX_SHADER_SOURCE, definition.FRAGMENT_SHADER_SOURCE)
    return {
      ...definition,
      VERTEX_SHADER_SOURCE: vertex,
      FRAGMENT_SHADER_SOURCE: fragment,
      ATTRIBUTES: [
        ...definition.ATTRIBUTES,
        { name: 'a_dash', size: 1, type: WebGLRenderingContext.FLOAT },
      ] as ReturnType<EdgeRectangleProgram['getDefinition']>['ATTRIBUTES'],
    }
  }

  override processVisibleItem(
    edgeIndex: number,
    startIndex: number,
    source: NodeDisplayData,
    target: NodeDisplayData,
    data: ShownEdge,
  ): void {
    super.processVisibleItem(edgeIndex, startIndex, source, target, data)
    this.array[startIndex + PLAIN_FLOATS] = data.dash ?? 0
  }
}

/** What sigma itself writes for a line: two positions, a normal, a colour, an id. */
const PLAIN_FLOATS = 8

// Arithmetic on elements of tensors: one function of one value, one of two values, by code. Codes are compile-time constants
// where they are used, so that a kernel holds only the branch it takes.

const KEEP: u32 = 0u;
const RELU: u32 = 1u;
const LEAKY_RELU: u32 = 2u;
const ELU: u32 = 3u;
const SIGMOID: u32 = 4u;
const HARD_SIGMOID: u32 = 5u;
const HARD_SWISH: u32 = 6u;
const SILU: u32 = 7u;
const GELU: u32 = 8u;
const GELU_TANH: u32 = 9u;
const MISH: u32 = 10u;
const SOFTPLUS: u32 = 11u;
const SOFTSIGN: u32 = 12u;
const TANH: u32 = 13u;
const SIN: u32 = 14u;
const COS: u32 = 15u;
const EXP: u32 = 16u;
const LOG: u32 = 17u;
const SQRT: u32 = 18u;
const RECIPROCAL: u32 = 19u;
const FLOOR: u32 = 20u;
const CEIL: u32 = 21u;
const ROUND: u32 = 22u;
const NEG: u32 = 23u;
const ABS: u32 = 24u;
const SIGN: u32 = 25u;
const ERF: u32 = 26u;
const CLIP: u32 = 27u;
// From here on there is a second value.
const ADD: u32 = 32u;
const SUB: u32 = 33u;
const MUL: u32 = 34u;
const DIV: u32 = 35u;
const POW: u32 = 36u;
const MIN: u32 = 37u;
const MAX: u32 = 38u;
const SUB_FROM: u32 = 39u;
const DIV_INTO: u32 = 40u;
const POW_OF: u32 = 41u;
const PRELU: u32 = 42u;

// Beyond 9.5 tanh is 1 in f32, and some drivers overflow on the way.
fn hyperbolic(x: vec4<f32>) -> vec4<f32> {
    return tanh(clamp(x, vec4(-9.5), vec4(9.5)));
}

fn logistic(x: vec4<f32>) -> vec4<f32> {
    return 1.0 / (1.0 + exp(-x));
}

fn soft_plus(x: vec4<f32>) -> vec4<f32> {
    return max(x, vec4(0.0)) + log(1.0 + exp(-abs(x)));
}

// Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26: off by at most 1.5e-7.
fn error_function(x: vec4<f32>) -> vec4<f32> {
    let t = 1.0 / (1.0 + 0.3275911 * abs(x));
    let series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
    return sign(x) * (1.0 - series * exp(-x * x));
}

fn of_one(code: u32, x: vec4<f32>, a: f32, b: f32) -> vec4<f32> {
    switch code {
        case RELU: { return max(x, vec4(0.0)); }
        case LEAKY_RELU: { return select(a * x, x, x >= vec4(0.0)); }
        case ELU: { return select(a * (exp(min(x, vec4(0.0))) - 1.0), x, x >= vec4(0.0)); }
        case SIGMOID: { return logistic(x); }
        case HARD_SIGMOID: { return clamp(a * x + b, vec4(0.0), vec4(1.0)); }
        case HARD_SWISH: { return x * clamp(a * x + b, vec4(0.0), vec4(1.0)); }
        case SILU: { return x * logistic(x); }
        case GELU: { return 0.5 * x * (1.0 + error_function(x * 0.70710678)); }
        case GELU_TANH: { return 0.5 * x * (1.0 + hyperbolic(0.7978845608 * (x + 0.044715 * x * x * x))); }
        case MISH: { return x * hyperbolic(soft_plus(x)); }
        case SOFTPLUS: { return soft_plus(x); }
        case SOFTSIGN: { return x / (1.0 + abs(x)); }
        case TANH: { return hyperbolic(x); }
        case SIN: { return sin(x); }
        case COS: { return cos(x); }
        case EXP: { return exp(x); }
        case LOG: { return log(x); }
        case SQRT: { return sqrt(x); }
        case RECIPROCAL: { return 1.0 / x; }
        case FLOOR: { return floor(x); }
        case CEIL: { return ceil(x); }
        case ROUND: { return round(x); }
        case NEG: { return -x; }
        case ABS: { return abs(x); }
        case SIGN: { return sign(x); }
        case ERF: { return error_function(x); }
        case CLIP: { return min(max(x, vec4(a)), vec4(b)); }
        default: { return x; }
    }
}

// x to the y with the sign that whole exponents give; pow itself knows only x > 0.
fn power(x: vec4<f32>, y: vec4<f32>) -> vec4<f32> {
    let size = select(pow(abs(x), y), vec4(1.0), y == vec4(0.0));
    let odd = abs(y - 2.0 * round(0.5 * y)) == vec4(1.0);
    return select(size, -size, (x < vec4(0.0)) & odd);
}

fn of_two(code: u32, x: vec4<f32>, y: vec4<f32>) -> vec4<f32> {
    switch code {
        case ADD: { return x + y; }
        case SUB: { return x - y; }
        case MUL: { return x * y; }
        case DIV: { return x / y; }
        case POW: { return power(x, y); }
        case MIN: { return min(x, y); }
        case MAX: { return max(x, y); }
        case SUB_FROM: { return y - x; }
        case DIV_INTO: { return y / x; }
        case POW_OF: { return power(y, x); }
        case PRELU: { return select(y * x, x, x >= vec4(0.0)); }
        default: { return x; }
    }
}

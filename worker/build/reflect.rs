//! What naga says of one program: whether it is valid, and what Rust must know of it.

use std::fmt;
use std::path::Path;

use naga::front::wgsl;
use naga::valid::{Capabilities, ValidationFlags, Validator};
use naga::{AddressSpace, Expression, Handle, Literal, Module, Override, ScalarKind, StorageAccess, Type, TypeInner};

/// What a device must have to run a program. Its `Debug` is the Rust expression of the same name in the generated code.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Needs {
    pub(crate) f16: bool,
    pub(crate) subgroups: bool,
    pub(crate) cooperative_matrix: bool,
}

impl Needs {
    /// The lines that WGSL wants at the very start. naga 30 knows subgroup operations without one and refuses standard WGSL's.
    pub(crate) fn enables(self) -> String {
        let lines = [(self.f16, "enable f16;\n"), (self.cooperative_matrix, "enable wgpu_cooperative_matrix;\n")];
        lines.into_iter().filter(|(needed, _)| *needed).map(|(_, line)| line).collect()
    }

    fn capabilities(self) -> Capabilities {
        // Packing two halves into a word is plain WGSL, and every device that is opened has it.
        let mut capabilities = Capabilities::SHADER_FLOAT16_IN_FLOAT32;
        capabilities.set(Capabilities::SHADER_FLOAT16, self.f16);
        capabilities.set(Capabilities::SUBGROUP | Capabilities::SUBGROUP_BARRIER, self.subgroups);
        capabilities.set(Capabilities::COOPERATIVE_MATRIX, self.cooperative_matrix);
        capabilities
    }
}

/// Parses and validates a program.
pub(crate) fn check(path: &Path, source: &str, needs: Needs) -> Result<Module, String> {
    let shown = path.display().to_string();
    let capabilities = needs.capabilities();
    let module = wgsl::Frontend::new_with_options(wgsl::Options { parse_doc_comments: false, capabilities })
        .parse(source)
        .map_err(|error| error.emit_to_string_with_path(source, &shown))?;
    Validator::new(ValidationFlags::all(), capabilities)
        .validate(&module)
        .map_err(|error| error.emit_to_string_with_path(source, &shown))?;
    Ok(module)
}

/// The module-level scalar constants, as Rust writes them.
pub(crate) fn constants(module: &Module) -> Vec<(String, String)> {
    let literal = |constant: &naga::Constant| match module.global_expressions[constant.init] {
        Expression::Literal(Literal::F32(value)) => Some(format!("f32 = f32::from_bits({:#010x}); // {value}", value.to_bits())),
        Expression::Literal(Literal::U32(value)) => Some(format!("u32 = {value};")),
        Expression::Literal(Literal::I32(value)) => Some(format!("i32 = {value};")),
        _ => None,
    };
    module.constants.iter().filter_map(|(_, constant)| Some((constant.name.clone()?, literal(constant)?))).collect()
}

/// A constant that a pass may set. Its `Debug` is the Rust expression of its facts.
pub(crate) struct OverrideFacts {
    name: String,
    default: Option<f64>,
}

impl fmt::Debug for OverrideFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "super::OverrideFacts {{ name: {:?}, default: {:?} }}", self.name, self.default)
    }
}

/// What Rust must know of one pass.
pub(crate) struct Shader {
    /// Each side; that of an override's default where one says it.
    pub(crate) workgroup: [u32; 3],
    pub(crate) workgroup_overrides: [Option<String>; 3],
    pub(crate) overrides: Vec<OverrideFacts>,
    pub(crate) reads: usize,
    pub(crate) writes: usize,
    pub(crate) params: Vec<(String, &'static str)>,
}

/// Reads the facts out of a valid module whose entry point must be named `name`.
pub(crate) fn reflect(name: &str, module: &Module) -> Result<Shader, String> {
    let [entry] = module.entry_points.as_slice() else {
        return Err("one entry point is expected".to_owned());
    };
    if entry.name != name {
        return Err(format!("the entry point is named `{}`, not `{name}` like the file", entry.name));
    }
    let (workgroup, workgroup_overrides) = workgroup(module, entry)?;
    let overrides = module.overrides.iter().map(|(_, over)| override_facts(module, over)).collect::<Result<_, _>>()?;
    let mut shader = Shader { workgroup, workgroup_overrides, overrides, reads: 0, writes: 0, params: Vec::new() };
    bindings(module, &mut shader)?;
    if shader.params.is_empty() || shader.writes == 0 {
        return Err("params and at least one buffer to write are expected".to_owned());
    }
    Ok(shader)
}

fn bindings(module: &Module, shader: &mut Shader) -> Result<(), String> {
    let mut globals = module.global_variables.iter().map(|(_, global)| global).collect::<Vec<_>>();
    globals.retain(|global| global.binding.is_some());
    globals.sort_by_key(|global| global.binding.map(|binding| binding.binding));
    for (index, global) in globals.iter().enumerate() {
        let binding = global.binding.ok_or("a global lost its binding")?;
        if binding.group != 0 || binding.binding as usize != index {
            return Err(format!("binding {index} of group 0 is missing"));
        }
        match global.space {
            AddressSpace::Uniform if index == 0 => shader.params = fields(module, global.ty)?,
            AddressSpace::Storage { access } if index > 0 && access == StorageAccess::LOAD && shader.writes == 0 => {
                shader.reads += 1;
            }
            AddressSpace::Storage { access } if index > 0 && access.contains(StorageAccess::STORE) => shader.writes += 1,
            _ => return Err(format!("binding {index}: the order is params, buffers read, buffers written")),
        }
    }
    Ok(())
}

fn override_facts(module: &Module, over: &Override) -> Result<OverrideFacts, String> {
    let name = over.name.clone().ok_or("an override has no name")?;
    let default = over.init.and_then(|init| number(module, init));
    if over.init.is_some() && default.is_none() {
        return Err(format!("the override `{name}` has a default that is no number"));
    }
    Ok(OverrideFacts { name, default })
}

fn number(module: &Module, expression: Handle<Expression>) -> Option<f64> {
    match module.global_expressions[expression] {
        Expression::Literal(Literal::F32(value)) => Some(f64::from(value)),
        Expression::Literal(Literal::U32(value)) => Some(f64::from(value)),
        Expression::Literal(Literal::I32(value)) => Some(f64::from(value)),
        Expression::Literal(Literal::Bool(value)) => Some(f64::from(u8::from(value))),
        _ => None,
    }
}

type Workgroup = ([u32; 3], [Option<String>; 3]);

fn workgroup(module: &Module, entry: &naga::EntryPoint) -> Result<Workgroup, String> {
    let (mut sizes, mut names) = (entry.workgroup_size, [None, None, None]);
    let Some(sides) = entry.workgroup_size_overrides else { return Ok((sizes, names)) };
    for ((side, size), name) in sides.into_iter().zip(&mut sizes).zip(&mut names) {
        match side.map(|expression| (expression, &module.global_expressions[expression])) {
            None => {}
            Some((_, Expression::Override(handle))) => {
                let facts = override_facts(module, &module.overrides[*handle])?;
                let default = facts.default.ok_or("an override that sizes the workgroup needs a default")?;
                (*size, *name) = (default as u32, Some(facts.name));
            }
            Some((expression, _)) => {
                let fixed = number(module, expression).ok_or("a side of the workgroup is a number or an override")?;
                *size = fixed as u32;
            }
        }
    }
    Ok((sizes, names))
}

fn fields(module: &Module, ty: Handle<Type>) -> Result<Vec<(String, &'static str)>, String> {
    let TypeInner::Struct { members, .. } = &module.types[ty].inner else {
        return Err("params is no struct".to_owned());
    };
    let field = |member: &naga::StructMember| {
        let name = member.name.clone().ok_or("a field of params has no name")?;
        match module.types[member.ty].inner {
            TypeInner::Scalar(scalar) if scalar.width == 4 => match scalar.kind {
                ScalarKind::Uint => Ok((name, "u32")),
                ScalarKind::Sint => Ok((name, "i32")),
                ScalarKind::Float => Ok((name, "f32")),
                _ => Err(format!("params.{name} is neither u32, i32 nor f32")),
            },
            _ => Err(format!("params.{name} is no 4-byte scalar")),
        }
    };
    members.iter().map(field).collect()
}

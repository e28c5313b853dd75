//! Checks every WGSL shader with naga and writes what Rust must know of them as Rust: sources, workgroup sizes, bindings,
//! parameter blocks and constants. The shader is the one place where each of these is said.
//!
//! A line `//#include shared/NAME.wgsl` in a shader is replaced by that file. Shared files stand on their own, may not include
//! others, and lend their constants to Rust as a module of their own.
//!
//! What a shader must look like, or the build fails naming it: one entry point, named like the file; binding 0 a uniform named
//! `params` whose struct holds only u32, i32 and f32; then the storage buffers it reads, then those it writes.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use naga::front::wgsl;
use naga::valid::{Capabilities, ValidationFlags, Validator};
use naga::{AddressSpace, Expression, Literal, Module, ScalarKind, StorageAccess, TypeInner};

const SHADERS: &str = "src/gpu/shaders";
const INCLUDE: &str = "//#include ";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={SHADERS}");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("shaders.rs");
    match generate(Path::new(SHADERS)) {
        Ok(text) => fs::write(out, text).expect("OUT_DIR is writable"),
        Err(message) => {
            for line in message.lines() {
                println!("cargo::error={line}");
            }
        }
    }
}

/// The generated module for all shaders of a folder.
fn generate(folder: &Path) -> Result<String, String> {
    let mut text = String::new();
    let mut shared_constants = BTreeSet::new();
    for path in wgsl_files(&folder.join("shared"))? {
        let module = check(&path, &read(&path)?)?;
        let constants = constants(&module);
        write_module(&mut text, &stem(&path), &constants, None);
        shared_constants.extend(constants.into_iter().map(|(name, _)| name));
    }
    let mut names = Vec::new();
    for path in wgsl_files(folder)? {
        let source = join(folder, &read(&path)?)?;
        let module = check(&path, &source)?;
        let own = constants(&module).into_iter().filter(|(name, _)| !shared_constants.contains(name)).collect::<Vec<_>>();
        let name = stem(&path);
        let shader = reflect(&name, &module).map_err(|what| format!("{}: {what}", path.display()))?;
        write_module(&mut text, &name, &own, Some((&shader, &source)));
        names.push(name);
    }
    write_enum(&mut text, &names);
    Ok(text)
}

fn wgsl_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "wgsl"))
        .collect::<Vec<_>>();
    paths.sort();
    Ok(paths)
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Replaces each include line by its file.
fn join(folder: &Path, source: &str) -> Result<String, String> {
    let mut joined = String::new();
    for line in source.lines() {
        match line.strip_prefix(INCLUDE) {
            Some(file) => joined += &read(&folder.join(file.trim()))?,
            None => joined += line,
        }
        joined.push('\n');
    }
    Ok(joined)
}

fn check(path: &Path, source: &str) -> Result<Module, String> {
    let shown = path.display().to_string();
    let module = wgsl::parse_str(source).map_err(|error| error.emit_to_string_with_path(source, &shown))?;
    Validator::new(ValidationFlags::all(), Capabilities::empty())
        .validate(&module)
        .map_err(|error| error.emit_to_string_with_path(source, &shown))?;
    Ok(module)
}

/// The module-level scalar constants, as Rust writes them.
fn constants(module: &Module) -> Vec<(String, String)> {
    let literal = |constant: &naga::Constant| match module.global_expressions[constant.init] {
        Expression::Literal(Literal::F32(value)) => Some(format!("f32 = f32::from_bits({:#010x}); // {value}", value.to_bits())),
        Expression::Literal(Literal::U32(value)) => Some(format!("u32 = {value};")),
        Expression::Literal(Literal::I32(value)) => Some(format!("i32 = {value};")),
        _ => None,
    };
    module.constants.iter().filter_map(|(_, constant)| Some((constant.name.clone()?, literal(constant)?))).collect()
}

/// What Rust must know of one pass.
struct Shader {
    workgroup: [u32; 3],
    reads: usize,
    writes: usize,
    params: Vec<(String, &'static str)>,
}

fn reflect(name: &str, module: &Module) -> Result<Shader, String> {
    let [entry] = module.entry_points.as_slice() else {
        return Err("one entry point is expected".to_owned());
    };
    if entry.name != name {
        return Err(format!("the entry point is named `{}`, not `{name}` like the file", entry.name));
    }
    let mut globals = module.global_variables.iter().map(|(_, global)| global).collect::<Vec<_>>();
    globals.retain(|global| global.binding.is_some());
    globals.sort_by_key(|global| global.binding.map(|binding| binding.binding));
    let mut shader = Shader { workgroup: entry.workgroup_size, reads: 0, writes: 0, params: Vec::new() };
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
    if shader.params.is_empty() || shader.writes == 0 {
        return Err("params and at least one buffer to write are expected".to_owned());
    }
    Ok(shader)
}

fn fields(module: &Module, ty: naga::Handle<naga::Type>) -> Result<Vec<(String, &'static str)>, String> {
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

fn write_module(text: &mut String, name: &str, constants: &[(String, String)], shader: Option<(&Shader, &str)>) {
    let mut body = String::new();
    for (constant, value) in constants {
        let _ = writeln!(body, "    pub(crate) const {constant}: {value}");
    }
    if let Some((shader, source)) = shader {
        body += "    #[repr(C)]\n    #[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]\n";
        body += "    pub(crate) struct Params {\n";
        for (field, kind) in &shader.params {
            let _ = writeln!(body, "        pub(crate) {field}: {kind},");
        }
        body += "    }\n";
        let Shader { workgroup, reads, writes, .. } = shader;
        let _ = writeln!(
            body,
            "    pub(super) const FACTS: super::ShaderFacts = super::ShaderFacts {{ name: {name:?}, source: {source:?}, \
             workgroup: {workgroup:?}, reads: {reads}, writes: {writes}, params_bytes: size_of::<Params>() }};"
        );
    }
    if !body.is_empty() {
        let _ = writeln!(text, "pub(crate) mod {name} {{\n{body}}}\n");
    }
}

fn write_enum(text: &mut String, names: &[String]) {
    let variant = |name: &str| {
        name.split('_').map(|word| format!("{}{}", word[..1].to_uppercase(), &word[1..])).collect::<Vec<_>>().concat()
    };
    *text += "/// Every pass, named like its file in `shaders/` and its twin.\n";
    *text += "#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]\npub enum Shader {\n";
    for name in names {
        let _ = writeln!(text, "    /// `{name}.wgsl`\n    {},", variant(name));
    }
    *text += "}\n\nimpl Shader {\n    /// What the build read out of the pass's WGSL.\n    #[must_use]\n";
    *text += "    pub fn facts(self) -> &'static ShaderFacts {\n        match self {\n";
    for name in names {
        let _ = writeln!(text, "            Self::{} => &{name}::FACTS,", variant(name));
    }
    *text += "        }\n    }\n}\n";
}

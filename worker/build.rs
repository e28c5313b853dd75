//! Checks every WGSL shader with naga and writes what Rust must know of them as Rust: sources, workgroup sizes, bindings,
//! parameter blocks, constants, overrides and needs. The shader is the one place where each of these is said.
//!
//! Shaders lie in `src/gpu/shaders` and in folders of it; a folder's name goes in front: `net/conv.wgsl` is `net_conv`.
//!
//! Lines that the build reads, all beginning with `//#` and all before the first declaration:
//! - `//#include shared/NAME.wgsl` is replaced by that file, which may include others. With what they include, shared files stand
//!   on their own; they lend their constants to Rust as a module of their own.
//! - `//#variants REAL: f32 f16` builds the file once for each type, with `alias REAL = f32;` put before it. The first type's
//!   shader is named like the file, the others with the type behind: `Shader::NetConv`, `Shader::NetConvF16`.
//! - `//#needs subgroups`, `//#needs cooperative_matrix`: what a device must have to run it; f16 follows from the variant.
//!   The `enable` lines are written by the build.
//!
//! What a shader must look like, or the build fails naming it: one entry point, named like its module; binding 0 a uniform named
//! `params` whose struct holds only u32, i32 and f32; then the storage buffers it reads, then those it writes. Overrides have
//! names; a side of the workgroup is a number or an override.

#[path = "build/reflect.rs"]
mod reflect;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use reflect::{Needs, Shader, check, constants, reflect};

const SHADERS: &str = "src/gpu/shaders";
const SHARED: &str = "shared";
const INCLUDE: &str = "//#include ";
const VARIANTS: &str = "//#variants ";
const NEEDS: &str = "//#needs ";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
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
fn generate(root: &Path) -> Result<String, String> {
    let mut text = String::new();
    let mut shared_constants = BTreeSet::new();
    for path in files(&root.join(SHARED))? {
        let mut first = None;
        for variant in variants(&path, &join(root, &read(&path)?)?)? {
            let module = check(&path, &variant.source, variant.needs)?;
            first.get_or_insert_with(|| constants(&module));
        }
        let mut constants = first.unwrap_or_default();
        constants.retain(|(name, _)| !shared_constants.contains(name));
        write_module(&mut text, &stem(&path), &constants, None);
        shared_constants.extend(constants.into_iter().map(|(name, _)| name));
    }
    let mut names = BTreeSet::new();
    for (prefix, folder) in folders(root)? {
        for path in files(&folder)? {
            let base = format!("{prefix}{}", stem(&path));
            for (place, variant) in variants(&path, &join(root, &read(&path)?)?)?.into_iter().enumerate() {
                let module = check(&path, &variant.source, variant.needs)?;
                let shader = reflect(&base, &module).map_err(|what| format!("{}: {what}", path.display()))?;
                let name = if place == 0 { base.clone() } else { format!("{base}_{}", variant.real) };
                let mut own = if place == 0 { constants(&module) } else { Vec::new() };
                own.retain(|(name, _)| !shared_constants.contains(name));
                write_module(&mut text, &name, &own, Some((&shader, &variant, &base)));
                if !names.insert(name.clone()) {
                    return Err(format!("{}: another shader is named `{name}`", path.display()));
                }
            }
        }
    }
    write_enum(&mut text, &names);
    Ok(text)
}

/// The folders that hold shaders, each with what its shaders' names begin with.
fn folders(root: &Path) -> Result<Vec<(String, PathBuf)>, String> {
    let mut folders = vec![(String::new(), root.to_owned())];
    for path in entries(root)?.into_iter().filter(|path| path.is_dir() && stem(path) != SHARED) {
        folders.push((format!("{}_", stem(&path)), path));
    }
    Ok(folders)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut paths = entries(folder)?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "wgsl"));
    Ok(paths)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect::<Vec<_>>();
    paths.sort();
    Ok(paths)
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Replaces each include line by its file. A file that includes itself runs out of stack, and so never gets past its author.
fn join(root: &Path, source: &str) -> Result<String, String> {
    let mut joined = String::new();
    for line in source.lines() {
        match line.strip_prefix(INCLUDE) {
            Some(file) => joined += &join(root, &read(&root.join(file.trim()))?)?,
            None => joined += line,
        }
        joined.push('\n');
    }
    Ok(joined)
}

/// One program made of a file.
struct Variant {
    /// The element type that `REAL` stands for; empty where the file has none.
    real: String,
    source: String,
    needs: Needs,
}

/// The programs that a file asks for; one where it says nothing. What a
/// file says comes before what the shared files in it say.
fn variants(path: &Path, source: &str) -> Result<Vec<Variant>, String> {
    let fault = |what: String| format!("{}: {what}", path.display());
    let mut needs = Needs::default();
    let (mut alias, mut reals) = (String::new(), vec![String::new()]);
    for line in source.lines() {
        if let Some(rest) = line.strip_prefix(NEEDS) {
            match rest.trim() {
                "subgroups" => needs.subgroups = true,
                "cooperative_matrix" => needs.cooperative_matrix = true,
                other => return Err(fault(format!("`{other}` is nothing that a shader can need"))),
            }
        } else if let Some(rest) = line.strip_prefix(VARIANTS).filter(|_| alias.is_empty()) {
            let (name, types) = rest.split_once(':').ok_or_else(|| fault(format!("`{line}` lacks its colon")))?;
            alias = name.trim().to_owned();
            reals = types.split_whitespace().map(str::to_owned).collect();
            if reals.is_empty() || reals.iter().any(|real| real != "f32" && real != "f16") {
                return Err(fault(format!("`{line}` must name f32, f16 or both")));
            }
        }
    }
    let variant = |real: String| {
        let needs = Needs { f16: real == "f16", ..needs };
        let enables = needs.enables();
        let head = if alias.is_empty() { enables } else { format!("{enables}alias {alias} = {real};\n") };
        Variant { source: format!("{head}{source}"), real, needs }
    };
    Ok(reals.into_iter().map(variant).collect())
}

fn write_module(text: &mut String, name: &str, constants: &[(String, String)], shader: Option<(&Shader, &Variant, &str)>) {
    let mut body = String::new();
    for (constant, value) in constants {
        let _ = writeln!(body, "    pub(crate) const {constant}: {value}");
    }
    if let Some((shader, variant, base)) = shader {
        if name == base {
            body += "    #[repr(C)]\n    #[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]\n";
            body += "    pub(crate) struct Params {\n";
            for (field, kind) in &shader.params {
                let _ = writeln!(body, "        pub(crate) {field}: {kind},");
            }
            body += "    }\n";
        }
        let Shader { workgroup, workgroup_overrides, overrides, reads, writes, .. } = shader;
        let Variant { source, needs, .. } = variant;
        let params = if name == base { "Params".to_owned() } else { format!("super::{base}::Params") };
        let _ = writeln!(
            body,
            "    pub(super) const FACTS: super::ShaderFacts = super::ShaderFacts {{ name: {name:?}, entry: {base:?}, \
             source: {source:?}, workgroup: {workgroup:?}, workgroup_overrides: {workgroup_overrides:?}, \
             overrides: &{overrides:?}, needs: super::{needs:?}, reads: {reads}, writes: {writes}, \
             params_bytes: size_of::<{params}>() }};"
        );
    }
    if !body.is_empty() {
        let _ = writeln!(text, "pub(crate) mod {name} {{\n{body}}}\n");
    }
}

fn write_enum(text: &mut String, names: &BTreeSet<String>) {
    let variant = |name: &str| {
        name.split('_').map(|word| format!("{}{}", word[..1].to_uppercase(), &word[1..])).collect::<Vec<_>>().concat()
    };
    *text += "/// Every pass, named like its file in `shaders/` and its twin.\n";
    *text += "#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]\npub enum Shader {\n";
    for name in names {
        let _ = writeln!(text, "    /// `{name}`\n    {},", variant(name));
    }
    let all = names.iter().map(|name| format!("Self::{}", variant(name))).collect::<Vec<_>>().join(", ");
    *text += "}\n\nimpl Shader {\n    /// All of them.\n";
    let _ = writeln!(text, "    pub const ALL: [Self; {}] = [{all}];\n", names.len());
    *text += "    /// What the build read out of the pass's WGSL.\n    #[must_use]\n";
    *text += "    pub fn facts(self) -> &'static ShaderFacts {\n        match self {\n";
    for name in names {
        let _ = writeln!(text, "            Self::{} => &{name}::FACTS,", variant(name));
    }
    *text += "        }\n    }\n}\n";
}

//! `cargo xtask setup`: what this machine lacks, why it is needed, and how it gets here.
//!
//! Looking ([`survey`]), judging ([`needs`]) and deciding how to install ([`installation`]) are apart: the latter two are pure.
//! A person at the terminal is asked first, unless `--yes` is given; where nobody is there, it is said and done.

use std::io::{IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{TaskError, output_of, while_trying};

/// What was found on this machine.
#[derive(Clone, Debug, Default)]
struct Survey {
    ffmpeg: bool,
    ffprobe: bool,
    /// ffmpeg can encode H.264 with libx264.
    libx264: bool,
    /// Vulkan is how the GPU is reached here; macOS and Windows bring their own way.
    vulkan_needed: bool,
    vulkan_loader: bool,
    /// Driver descriptions (ICD files) that the loader would read.
    vulkan_drivers: Vec<PathBuf>,
}

/// One missing thing.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Need {
    what: &'static str,
    why: &'static str,
    /// The package on Debian and Ubuntu.
    package: &'static str,
}

/// Finds what is missing and installs it; a person at the terminal is asked first.
pub(crate) fn set_up(yes: bool) -> Result<(), TaskError> {
    let needs = needs(&survey());
    if needs.is_empty() {
        println!(
            "setup: everything is here (ffmpeg with libx264, ffprobe{})",
            if cfg!(target_os = "linux") { ", Vulkan" } else { "" }
        );
        return Ok(());
    }
    println!("setup: this machine lacks");
    for need in &needs {
        println!("  - {}: {}", need.what, need.why);
    }
    let commands = installation(&needs, &Powers::of_this_machine())?;
    let lines: Vec<String> = commands.iter().map(|command| command.join(" ")).collect();
    println!("setup: to be run\n  {}", lines.join("\n  "));
    if !yes && !agreed()? {
        return Err(TaskError(format!(
            "not installed; run it yourself, or run `cargo xtask setup --yes`:\n  {}",
            lines.join(" && ")
        )));
    }
    install(&commands)?;
    let still = self::needs(&survey());
    if still.is_empty() {
        println!("setup: done");
        return Ok(());
    }
    let missing: Vec<_> = still.iter().map(|need| need.what).collect();
    Err(TaskError(format!("still missing after the installation: {}; install it by hand and try again", missing.join(", "))))
}

/// Asks the person at the terminal; where there is none, nobody objects.
fn agreed() -> Result<bool, TaskError> {
    if !std::io::stdin().is_terminal() {
        println!("setup: nobody is at the terminal to be asked, so it is installed");
        return Ok(true);
    }
    print!("Install it now? [y/N] ");
    std::io::stdout().flush().map_err(while_trying("write to the terminal"))?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(while_trying("read the answer"))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

fn install(commands: &[Vec<String>]) -> Result<(), TaskError> {
    for command in commands {
        let line = command.join(" ");
        println!("==> {line}");
        let (program, arguments) = command.split_first().ok_or_else(|| TaskError("an empty command".to_owned()))?;
        let status = Command::new(program).args(arguments).status().map_err(while_trying(format!("start `{line}`")))?;
        if !status.success() {
            return Err(TaskError(format!("`{line}` failed ({status}); its own words stand above")));
        }
    }
    Ok(())
}

/// What is missing, in the order in which a person would install it.
fn needs(survey: &Survey) -> Vec<Need> {
    let mut needs = Vec::new();
    let mut need = |missing: bool, what, why, package| {
        if missing {
            needs.push(Need { what, why, package });
        }
    };
    need(!survey.ffmpeg, "ffmpeg", "workers decode and encode shots with it", "ffmpeg");
    need(!survey.ffprobe, "ffprobe", "shots are probed and frames counted with it", "ffmpeg");
    need(survey.ffmpeg && !survey.libx264, "libx264 in ffmpeg", "outputs are H.264; this ffmpeg cannot encode it", "ffmpeg");
    if survey.vulkan_needed {
        need(!survey.vulkan_loader, "the Vulkan loader (libvulkan.so.1)", "GPU passes run through it", "libvulkan1");
        let software = survey.vulkan_drivers.iter().any(|driver| is_software(driver));
        let why = "tests and demo run the GPU passes on the processor with it, with or without a GPU";
        need(!software, "a software Vulkan driver (Mesa's lavapipe)", why, "mesa-vulkan-drivers");
    }
    needs
}

fn is_software(driver: &Path) -> bool {
    let name = driver.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    name.contains("lvp") || name.contains("swiftshader")
}

/// What we may do here.
#[derive(Clone, Copy, Debug)]
struct Powers {
    apt_get: bool,
    root: bool,
    sudo: bool,
    /// Whether a password could be asked for.
    terminal: bool,
}

impl Powers {
    fn of_this_machine() -> Self {
        let root = output_of("id", &["-u"]).is_some_and(|output| output.stdout.trim_ascii() == b"0");
        Self { apt_get: in_path("apt-get"), root, sudo: in_path("sudo"), terminal: std::io::stdin().is_terminal() }
    }
}

/// The commands that install the packages.
fn installation(needs: &[Need], powers: &Powers) -> Result<Vec<Vec<String>>, TaskError> {
    let mut packages: Vec<&str> = needs.iter().map(|need| need.package).collect();
    packages.dedup();
    let list = packages.join(" ");
    if !powers.apt_get {
        return Err(TaskError(format!(
            "there is no apt-get here; install what Debian calls `{list}` with your system's package manager, then try again"
        )));
    }
    let before: &[&str] = match (powers.root, powers.sudo) {
        (true, _) => &["env", "DEBIAN_FRONTEND=noninteractive"],
        (false, true) if powers.terminal => &["sudo", "env", "DEBIAN_FRONTEND=noninteractive"],
        // Without a terminal nobody could type a password: sudo then fails at once instead of waiting.
        (false, true) => &["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive"],
        (false, false) => {
            return Err(TaskError(format!(
                "only root may install here and there is no sudo; as root: apt-get install -y {list}"
            )));
        }
    };
    let command = |words: &[&str]| before.iter().chain(words).map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let install = ["apt-get", "install", "-y", "--no-install-recommends"];
    Ok(vec![command(&["apt-get", "update"]), command(&[&install[..], &packages].concat())])
}

fn survey() -> Survey {
    let encoders = output_of("ffmpeg", &["-hide_banner", "-encoders"]);
    let linux = cfg!(target_os = "linux");
    Survey {
        ffmpeg: encoders.is_some(),
        ffprobe: output_of("ffprobe", &["-version"]).is_some(),
        libx264: encoders.is_some_and(|output| String::from_utf8_lossy(&output.stdout).contains(" libx264 ")),
        vulkan_needed: linux,
        vulkan_loader: linux && has_vulkan_loader(),
        vulkan_drivers: if linux { vulkan_drivers() } else { Vec::new() },
    }
}

/// Asks the linker's cache; it lies outside an ordinary user's PATH on Debian.
fn has_vulkan_loader() -> bool {
    ["ldconfig", "/sbin/ldconfig", "/usr/sbin/ldconfig"]
        .iter()
        .find_map(|program| output_of(program, &["-p"]))
        .is_some_and(|output| String::from_utf8_lossy(&output.stdout).contains("libvulkan.so.1"))
}

/// The driver descriptions the Vulkan loader would read: those named by its variables, else those in its folders.
fn vulkan_drivers() -> Vec<PathBuf> {
    for variable in ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"] {
        if let Some(paths) = std::env::var_os(variable).filter(|paths| !paths.is_empty()) {
            return std::env::split_paths(&paths).filter(|path| path.exists()).collect();
        }
    }
    ["/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d"]
        .iter()
        .filter_map(|dir| std::fs::read_dir(dir).ok())
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect()
}

fn in_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> Survey {
        Survey {
            ffmpeg: true,
            ffprobe: true,
            libx264: true,
            vulkan_needed: true,
            vulkan_loader: true,
            vulkan_drivers: vec!["/usr/share/vulkan/icd.d/lvp_icd.x86_64.json".into()],
        }
    }

    #[test]
    fn a_whole_machine_needs_nothing_and_an_empty_one_everything() {
        assert_eq!(needs(&whole()), []);
        let packages: Vec<_> =
            needs(&Survey { vulkan_needed: true, ..Survey::default() }).iter().map(|need| need.package).collect();
        assert_eq!(packages, ["ffmpeg", "ffmpeg", "libvulkan1", "mesa-vulkan-drivers"]);
    }

    #[test]
    fn a_hardware_driver_alone_does_not_serve_the_tests() {
        let survey = Survey { vulkan_drivers: vec!["/usr/share/vulkan/icd.d/nvidia_icd.json".into()], ..whole() };
        assert_eq!(needs(&survey).len(), 1);
    }

    #[test]
    fn vulkan_is_not_asked_for_where_the_system_has_its_own_way() {
        assert_eq!(needs(&Survey { vulkan_needed: false, vulkan_loader: false, vulkan_drivers: Vec::new(), ..whole() }), []);
    }

    #[test]
    fn installing_takes_root_or_sudo_and_apt_get() {
        let needs = needs(&Survey { vulkan_needed: true, ..Survey::default() });
        let lines = |powers| {
            installation(&needs, &powers).map(|commands| commands.iter().map(|command| command.join(" ")).collect::<Vec<_>>())
        };
        let as_user = lines(Powers { apt_get: true, root: false, sudo: true, terminal: true }).unwrap();
        assert_eq!(as_user[0], "sudo env DEBIAN_FRONTEND=noninteractive apt-get update");
        assert!(as_user[1].ends_with("-y --no-install-recommends ffmpeg libvulkan1 mesa-vulkan-drivers"), "{}", as_user[1]);
        let unattended = lines(Powers { apt_get: true, root: false, sudo: true, terminal: false }).unwrap();
        assert!(unattended[0].starts_with("sudo -n env "), "{}", unattended[0]);
        let as_root = lines(Powers { apt_get: true, root: true, sudo: false, terminal: true }).unwrap();
        assert!(as_root[0].starts_with("env "));
        assert!(
            lines(Powers { apt_get: true, root: false, sudo: false, terminal: true })
                .unwrap_err()
                .0
                .contains("as root: apt-get install")
        );
        assert!(lines(Powers { apt_get: false, root: true, sudo: true, terminal: true }).unwrap_err().0.contains("no apt-get"));
    }
}

using System.Security.Cryptography;

namespace Cote.Load.Runs;

/// <summary>
/// The npm packages of the Node backend, installed below the temporary directory, once for each lock.
/// </summary>
static class NodePackages
{
    const string Manifest = "package.json", Lock = "package-lock.json", Done = ".installed";

    /// <summary>
    /// The folder that has them; an <see cref="InvalidOperationException"/> where they cannot be had.
    /// </summary>
    public static async Task<string> InstallAsync(string root, CancellationToken ct)
    {
        var node = Programs.Find("node") ?? throw new InvalidOperationException("Node.js is not installed");
        var from = Path.Combine(root, "bench", "node");
        var sum = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(from, Lock), ct)));
        var to = Path.Combine(Path.GetTempPath(), "cote-bench-node-" + sum[..12]);
        if (File.Exists(Path.Combine(to, Done)))
            return to;
        Bench.Say("Installing the npm packages of the Node backend");
        Directory.CreateDirectory(to);
        foreach (var file in new[] { Manifest, Lock })
            File.Copy(Path.Combine(from, file), Path.Combine(to, file), overwrite: true);
        // Where there is no build of better-sqlite3 for this machine it is compiled, against the headers beside Node.
        var headers = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(
            new FileInfo(node).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? node)!, ".."));
        var variables = new Dictionary<string, string>();
        if (File.Exists(Path.Combine(headers, "include", "node", "node_version.h")))
            variables["npm_config_nodedir"] = headers;
        await Programs.SaidAsync("npm", ["ci", "--no-audit", "--no-fund"], ct, to, variables);
        await File.WriteAllTextAsync(Path.Combine(to, Done), "", ct);
        return to;
    }
}

using Cote.BlackBox.Clients;

[assembly: AssemblyFixture(typeof(TypeScriptClient))]

namespace Cote.BlackBox.Clients;

/// <summary>
/// clients/typescript, installed and compiled once for all tests, in a folder of its own with the vectors beside it.
/// </summary>
public sealed class TypeScriptClient : IAsyncLifetime
{
    static readonly string[] NotCopied = ["node_modules", "dist", "out"];

    readonly SemaphoreSlim _gate = new(1);
    string? _root;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask; // Most runs are without it.

    /// <summary>The folder of the package, compiled.</summary>
    public async Task<string> CompileAsync()
    {
        await _gate.WaitAsync();
        try
        {
            if (_root is null)
            {
                var (node, npm) = (Needs.Program("node"), Needs.Program("npm"));
                var root = Directory.CreateTempSubdirectory("cote-typescript-client-").FullName;
                var package = Path.Combine(root, "typescript");
                Copy(Repository.Path("clients/typescript"), package);
                Copy(Repository.Path("clients/vectors"), Path.Combine(root, "vectors"));
                var installed = await Shell.RunAsync(npm, "ci", "--prefix", package);
                if (installed.Code != 0)
                {
                    Directory.Delete(root, recursive: true);
                    throw Needs.Missing($"npm could not install the TypeScript client: {installed.Said}");
                }
                _root = root;
                var compiler = Path.Combine(package, "node_modules/typescript/bin/tsc");
                foreach (var project in (string[])["tsconfig.json", "tsconfig.test.json"])
                    await Shell.MustAsync(node, compiler, "-p", Path.Combine(package, project));
            }
            return Path.Combine(_root, "typescript");
        }
        finally
        {
            _gate.Release();
        }
    }

    public ValueTask DisposeAsync()
    {
        _gate.Dispose();
        if (_root is not null)
            Directory.Delete(_root, recursive: true);
        return ValueTask.CompletedTask;
    }

    static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (var folder in Directory.GetDirectories(from))
            if (!NotCopied.Contains(Path.GetFileName(folder)))
                Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
    }
}

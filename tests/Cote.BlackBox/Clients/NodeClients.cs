using Cote.BlackBox.Clients;

[assembly: AssemblyFixture(typeof(NodeClients))]

namespace Cote.BlackBox.Clients;

/// <summary>
/// The clients of tests/clients as npm publishes them, installed once for all tests in a folder of their own. A script
/// gets the address of the server and what else its test gives, and writes <c>done</c> at its end.
/// </summary>
public sealed class NodeClients : IAsyncLifetime
{
    readonly SemaphoreSlim _gate = new(1);
    string? _folder;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask; // Most runs are without them.

    /// <summary>Runs a script of tests/clients, which must come to its end.</summary>
    public async Task RunAsync(string script, params string[] arguments)
    {
        var node = Needs.Program("node");
        var folder = await InstallAsync();
        (await Shell.RunAsync(node, ["--no-warnings", Path.Combine(folder, script), .. arguments]))
            .ShouldBe((0, "done\n"));
    }

    /// <summary>Installs them, once; what is about to begin then waits for the script alone.</summary>
    public async Task<string> InstallAsync()
    {
        await _gate.WaitAsync();
        try
        {
            if (_folder is not null)
                return _folder;
            var npm = Needs.Program("npm");
            var folder = Directory.CreateTempSubdirectory("cote-clients-").FullName;
            foreach (var file in Directory.GetFiles(Repository.Path("tests/clients")))
                File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
            var installed = await Shell.RunAsync(npm, "ci", "--prefix", folder);
            if (installed.Code != 0)
            {
                Directory.Delete(folder, recursive: true);
                throw Needs.Missing($"npm could not install the clients: {installed.Said}");
            }
            return _folder = folder;
        }
        finally
        {
            _gate.Release();
        }
    }

    public ValueTask DisposeAsync()
    {
        _gate.Dispose();
        if (_folder is not null)
            Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}

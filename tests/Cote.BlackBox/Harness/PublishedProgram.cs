using System.Diagnostics;
using Cote.BlackBox.Harness;

[assembly: AssemblyFixture(typeof(PublishedProgram))]
// Most of these tests wait for programs to start, to be killed or to time out: three of them fit beside each other.
[assembly: CollectionBehavior(MaxParallelThreads = 3)]

namespace Cote.BlackBox.Harness;

/// <summary>For tests that measure the machine, or load all of it: one at a time, with none beside it.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>
/// The program as it ships: published once for all tests, or the one that <c>COTE_TEST_PROGRAM</c> names.
/// </summary>
public sealed class PublishedProgram : IAsyncLifetime
{
    string? _made;

    /// <summary>The executable.</summary>
    public string File { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("COTE_TEST_PROGRAM") is { Length: > 0 } given)
        {
            File = System.IO.File.Exists(given) ? Path.GetFullPath(given)
                : throw new InvalidOperationException($"COTE_TEST_PROGRAM names {given}, which is not there.");
            return;
        }
        _made = Directory.CreateTempSubdirectory("cote-program-").FullName;
        // Object files of its own: the build that runs these tests may hold the usual ones.
        await PublishAsync(Path.Combine(Repository.Root, "artifacts", "blackbox"), _made);
        File = Path.Combine(_made, "Cote.Server");
    }

    public ValueTask DisposeAsync()
    {
        if (_made is not null)
            Directory.Delete(_made, recursive: true);
        return ValueTask.CompletedTask;
    }

    static async Task PublishAsync(string artifacts, string output)
    {
        var start = new ProcessStartInfo("dotnet",
        [
            "publish", "src/Cote.Server", "-c", "Release", "-o", output, "--artifacts-path", artifacts, "--nologo",
            "-v", "quiet",
            "-nodeReuse:false", "-p:UseSharedCompilation=false",
            "-p:RunAnalyzers=false", // they have looked at the code when it was built
        ])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The runner of tests is a child of MSBuild, and leaves it words about itself that would mislead another one.
        foreach (var name in start.Environment.Keys.Where(
            x => x.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);
        using var publish = Process.Start(start)!;
        var said = publish.StandardOutput.ReadToEndAsync();
        var complained = publish.StandardError.ReadToEndAsync();
        await publish.WaitForExitAsync();
        if (publish.ExitCode != 0)
            throw new InvalidOperationException($"dotnet publish failed:\n{await said}\n{await complained}");
    }
}

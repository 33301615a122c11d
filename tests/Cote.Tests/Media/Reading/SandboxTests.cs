namespace Cote.Tests.Media.Reading;

/// <summary>What a process can do that has gone into the sandbox: a program of its own tries.</summary>
[Trait("Rows", "none")]
public sealed class SandboxTests
{
    [Fact]
    public async Task A_reader_computes_and_reads_and_can_do_nothing_else()
    {
        if (!OperatingSystem.IsLinux())
            throw Needs.Missing("Only Linux has the system call filter.");
        var folder = Directory.CreateTempSubdirectory("cote-sandbox-").FullName;
        try
        {
            var (fresh, kept) = (Path.Combine(folder, "fresh"), Path.Combine(folder, "kept"));
            await File.WriteAllTextAsync(kept, "as it was");
            var mode = File.GetUnixFileMode(kept);

            var (code, said) = await Shell.RunAsync(Repository.Program("tests/Cote.Sandboxed"), fresh, kept);

            code.ShouldBe(0, said);
            said.ReplaceLineEndings("\n").ShouldBe("""
                read: done
                compute: done
                collect: done
                write: refused
                append: refused
                delete: refused
                move: refused
                folder: refused
                link: refused
                mode: refused
                tcp: refused
                unix: refused
                accept: refused
                execute: refused
                kill: refused
                slow down: refused
                memory: out of memory

                """);
            (await File.ReadAllTextAsync(kept), File.Exists(fresh), File.GetUnixFileMode(kept))
                .ShouldBe(("as it was", false, mode));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}

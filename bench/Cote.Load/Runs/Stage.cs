using System.Diagnostics;
using Cote.Load.Figures;
using Cote.Load.Loads;

namespace Cote.Load.Runs;

/// <summary>
/// What a run stands on: the published program, a model, a folder with people and chats that each server gets a copy
/// of, and the yardsticks that can be had on this machine.
/// </summary>
sealed class Stage : IAsyncDisposable
{
    readonly CancellationToken _ct;
    int _copies;
    Site? _seed;
    (Child Child, Site Site)? _inMemory;

    Stage(string root, string program, string guide, string? postgres, Plan plan, CancellationToken ct)
    {
        (Root, Program, Plan, _ct) = (root, program, plan, ct);
        GuideFolder = Path.GetFullPath(guide);
        Peers = new(this, GuideFolder);
        Postgres = new(this, postgres);
    }

    /// <summary>Where all data of the run lie.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("cote-bench-").FullName;

    /// <summary>Where Python keeps what it has compiled.</summary>
    public string Compiled => Path.Combine(Folder, "compiled");

    public string Root { get; }
    public string Program { get; }
    public Plan Plan { get; }
    public CancellationToken Ct => _ct;
    public Child Model { get; private set; } = null!;

    /// <summary>The folder of the backends that are no part of this repository.</summary>
    public string GuideFolder { get; }

    public Peers Peers { get; }

    public PostgresStage Postgres { get; }

    /// <summary>Why the guide's backend in memory cannot run here.</summary>
    public string? WithoutInMemory { get; private set; }

    public static async Task<Stage> SetAsync(Arguments arguments, Plan plan, CancellationToken ct)
    {
        var root = FindRoot();
        var stage = new Stage(root, arguments.Text("program") ?? await PublishAsync(root, ct),
            arguments.Text("guide") ?? Path.Combine(root, "..", "shared", "bench"), arguments.Text("postgres"), plan,
            ct);
        try
        {
            stage.Model = await Servers.ModelAsync(ct);
            return stage;
        }
        catch
        {
            await stage.DisposeAsync();
            throw;
        }
    }

    /// <summary>Cote on a copy of the seeded data of its own.</summary>
    public async Task<(Child Child, Site Site)> CoteAsync(params string[] settings)
    {
        var child = await Servers.CoteAsync(Program, await CopySeedAsync(), Model.Url, _ct, settings);
        return (child, (await SeededAsync()).At(child.Url));
    }

    /// <summary>The same, as one that takes part in a figure.</summary>
    public async Task<Contender> OursAsync(params string[] settings)
    {
        var (child, site) = await CoteAsync(settings);
        return new(Row.Ours, child, site, Plan.Chats, Plan.ChatsOfClient);
    }

    /// <summary>Cote on nothing.</summary>
    public Task<Child> EmptyAsync(params string[] settings) =>
        Servers.CoteAsync(Program, NewFolder(), Model.Url, _ct, settings);

    /// <summary>A copy of the seeded database alone.</summary>
    public async Task<string> CopyDatabaseAsync() => Path.Combine(await CopySeedAsync(), "data", "cote.db");

    public string NewFolder() => Directory.CreateDirectory(Path.Combine(Folder, $"empty-{++_copies}")).FullName;

    public async ValueTask DisposeAsync()
    {
        Child.EndAll(); // a step that was broken off may have left some
        await Postgres.DisposeAsync();
        try
        {
            Directory.Delete(Folder, recursive: true);
        }
        catch (IOException error)
        {
            Bench.Say($"{Folder} is left behind: {error.Message}");
        }
    }

    public static string FindRoot()
    {
        foreach (var start in new[] { Environment.CurrentDirectory, AppContext.BaseDirectory })
            for (var at = new DirectoryInfo(start); at is not null; at = at.Parent)
                if (File.Exists(Path.Combine(at.FullName, "Cote.slnx")))
                    return at.FullName;
        throw new InvalidOperationException(
            "This is to be run within Cote's repository: there is no Cote.slnx above the working directory.");
    }

    /// <summary>The people that each copy of the seeded data has; the first step that asks makes them.</summary>
    public async Task<Site> SeededAsync() => _seed ??= await SeedAsync();

    async Task<Site> SeedAsync()
    {
        Bench.Say($"Making {Plan.Users} users, {Plan.Chats} chats and one of {Plan.LongChat} messages");
        var folder = Directory.CreateDirectory(SeedFolder).FullName;
        // A small window for as long as the long chat is filled: reading all of it for each reply would take minutes.
        using var child = await Servers.CoteAsync(Program, folder, Model.Url, _ct, "Assistants:ContextTokens=1024");
        var site = new Site(child.Url, streams: true);
        await site.RegisterAsync(Plan.Users, _ct);
        await site.FillAsync(50, 50);
        await site.FillLongAsync(Plan.LongChat);
        await site.ChatsAsync(Plan.Chats, _ct);
        await child.StopAsync(); // after which its one file is the whole database
        return site;
    }

    /// <summary>The guide's backend in memory, filled like ours; null where it cannot run here.</summary>
    public async Task<(Child Child, Site Site)?> InMemoryAsync()
    {
        if (_inMemory is null && WithoutInMemory is null)
            await SetInMemoryAsync();
        return _inMemory;
    }

    async Task SetInMemoryAsync()
    {
        if (!File.Exists(Path.Combine(GuideFolder, "seed_backend.py")))
        {
            WithoutInMemory = "no seed_backend.py (--guide)";
            return;
        }
        try
        {
            var child = await Servers.FastApiAsync(this);
            var site = new Site(child.Url, streams: false);
            _inMemory = (child, site);
            await site.RegisterAsync(Plan.Clients, _ct);
            await site.FillAsync(50, 50);
            await site.ChatsAsync(Plan.Clients, _ct);
        }
        catch (Exception error) when (
            error is InvalidOperationException
                or System.ComponentModel.Win32Exception or HttpRequestException or TimeoutException)
        {
            _inMemory?.Child.Dispose();
            _inMemory = null;
            WithoutInMemory = "its Debian packages are not installed";
            Bench.Say($"The FastAPI backend does not run here: {error.Message.Split('\n')[^1]}");
        }
    }

    string SeedFolder => Path.Combine(Folder, "seed");

    /// <summary>A folder of Cote's with the seeded data.</summary>
    public async Task<string> CopySeedAsync()
    {
        await SeededAsync();
        return Copy(SeedFolder);
    }

    /// <summary>A copy of a folder of data that nobody writes to.</summary>
    public string Copy(string folder)
    {
        var to = Path.Combine(Folder, $"copy-{++_copies}");
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        return to;
    }

    static async Task<string> PublishAsync(string root, CancellationToken ct)
    {
        Bench.Say("Publishing src/Cote.Server");
        var output = Path.Combine(root, "artifacts", "bench");
        var start = new ProcessStartInfo("dotnet",
        [
            "publish", "src/Cote.Server", "-c", "Release", "-o", output, "--artifacts-path",
                Path.Combine(root, "artifacts", "bench-build"),
            "--nologo", "-v", "quiet", "-nodeReuse:false",
        ])
        {
            WorkingDirectory = root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // `dotnet run` leaves words about its own MSBuild that would mislead this one.
        foreach (var name in start.Environment.Keys.Where(
            x => x.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);
        using var publish = Process.Start(start)!;
        var said = publish.StandardOutput.ReadToEndAsync(ct);
        var complained = publish.StandardError.ReadToEndAsync(ct);
        await publish.WaitForExitAsync(ct);
        return publish.ExitCode == 0 ? Path.Combine(output, "Cote.Server")
            : throw new InvalidOperationException($"dotnet publish failed:\n{await said}\n{await complained}");
    }
}

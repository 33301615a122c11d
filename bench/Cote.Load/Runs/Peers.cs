using System.Globalization;
using System.Security.Cryptography;
using Cote.Load.Loads;

namespace Cote.Load.Runs;

/// <summary>
/// The backends that somebody would write instead, which do the same work: each is filled once and then served from
/// copies of its data, as Cote is. They are not a part of this repository, and what they need may be missing.
/// </summary>
sealed class Peers(Stage stage, string folder)
{
    public const string Guide = "guide", Node = "node";
    const string Python = "/usr/bin/python3", GuideFile = "guide_backend.py", NodeFile = "node_backend.mjs";
    const string Modules = "fastapi, uvicorn, uvloop, httptools, sqlalchemy, psycopg2, httpx, jwt, multipart, "
        + "email_validator";

    readonly string _key = Convert.ToHexString(RandomNumberGenerator.GetBytes(32));
    readonly Dictionary<string, (Site? Seed, string? Missing)> _seeds = [];
    readonly Dictionary<string, string?> _missing = [];
    string _packages = "";

    /// <summary>One on a copy of its filled data, or the sentence that says what is missing.</summary>
    public async Task<(Contender? Contender, string? Missing)> StartAsync(string who)
    {
        if (!_seeds.TryGetValue(who, out var known))
            _seeds[who] = known = await SeedAsync(who);
        if (known.Seed is not { } seed)
            return (null, known.Missing);
        var child = await RunAsync(who, stage.Copy(FolderOf(who)));
        return (new(who, child, seed.At(child.Url), stage.Plan.ChatsOfPeer, Plan.ChatsOfPeersClient), null);
    }

    /// <summary>The sentence that says what it lacks here; null where it can run.</summary>
    public async Task<string?> MissingAsync(string who)
    {
        if (!_missing.TryGetValue(who, out var missing))
            _missing[who] = missing = who == Guide ? await GuideLacksAsync() : await NodeLacksAsync();
        return missing;
    }

    /// <summary>One with its data in a folder, or in a PostgreSQL.</summary>
    public Task<Child> RunAsync(string who, string data, Uri? database = null)
    {
        var variables = new Dictionary<string, string>
        {
            ["SECRET_KEY"] = _key,
            ["OPENAI_BASE_URL"] = new Uri(stage.Model.Url, "/v1").ToString(),
            ["OPENAI_API_KEY"] = "sk-bench",
            ["PYTHONPYCACHEPREFIX"] = stage.Compiled, // what was compiled at one start is there at the next
            ["NODE_ENV"] = "production",
        };
        if (database is not null)
            variables["DATABASE_URL"] = new UriBuilder(database) { Scheme = "postgresql" }.Uri.ToString();
        return Child.StartAsync(port =>
        {
            var number = port.ToString(CultureInfo.InvariantCulture);
            variables["PORT"] = number;
            return who == Node ? (Programs.Find("node")!, [Path.Combine(_packages, NodeFile)])
                : (Python, ["-m", "uvicorn", "guide_backend:app", "--app-dir", folder, "--host", "127.0.0.1",
                    "--port", number, "--log-level", "warning", "--no-access-log"]);
        }, "/", stage.Ct, data, variables);
    }

    /// <summary>People and chats on one that is empty.</summary>
    public async Task<Site> FillAsync(Child child)
    {
        var site = new Site(child.Url, streams: true);
        await site.RegisterAsync(stage.Plan.Clients, stage.Ct);
        await site.FillAsync(50, 50);
        await site.ChatsAsync(stage.Plan.ChatsOfPeer, stage.Ct);
        return site;
    }

    string FolderOf(string who) => Path.Combine(stage.Folder, who);

    async Task<(Site?, string?)> SeedAsync(string who)
    {
        if (await MissingAsync(who) is { } missing)
            return (null, missing);
        Bench.Say($"Filling the backend {who}");
        using var child = await RunAsync(who, Directory.CreateDirectory(FolderOf(who)).FullName);
        var site = await FillAsync(child);
        await child.StopAsync();
        return (site, null);
    }

    async Task<string?> GuideLacksAsync()
    {
        if (!File.Exists(Path.Combine(folder, GuideFile)))
            return $"no {GuideFile} (--guide)";
        try
        {
            await Programs.SaidAsync(Python, ["-c", $"import {Modules}"], stage.Ct);
            return null;
        }
        catch (Exception error) when (error is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            Bench.Say($"The guide's backend does not run here: {error.Message.Split('\n')[^1]}");
            return "its Debian packages are not installed";
        }
    }

    async Task<string?> NodeLacksAsync()
    {
        if (!File.Exists(Path.Combine(folder, NodeFile)))
            return $"no {NodeFile} (--guide)";
        try
        {
            _packages = await NodePackages.InstallAsync(stage.Root, stage.Ct);
            File.Copy(Path.Combine(folder, NodeFile), Path.Combine(_packages, NodeFile), overwrite: true);
            return null;
        }
        catch (InvalidOperationException error)
        {
            Bench.Say($"The Node backend does not run here: {error.Message}");
            return error.Message.Contains("npm", StringComparison.Ordinal) ? "npm ci failed" : error.Message;
        }
    }
}

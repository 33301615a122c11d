using System.Data.Common;
using System.Net.Sockets;
using Cote.Admin;
using Cote.Data;
using Cote.Media;
using Cote.Primitives;
using Microsoft.Extensions.DependencyInjection;

namespace Cote;

/// <summary><c>Cote.Server copy</c>: what it is told, and what it says where it cannot.</summary>
sealed class CopyCommand
{
    string _from = "";
    string _to = "";
    bool _skipLostMedia;

    /// <summary>Settings of the new nodes: where they keep media.</summary>
    readonly List<string> _settings = [];

    /// <summary>Reads its arguments; null where they are not its own.</summary>
    public static CopyCommand? Read(string[] args)
    {
        var command = new CopyCommand();
        for (var i = 0; i < args.Length; i++)
        {
            var (name, value) = args[i].Split('=', 2) is [var before, var after] ? (before, after) : (args[i], null);
            if (name == "--skip-lost-media" && value is null)
                command._skipLostMedia = true;
            else if (name == "--from")
                command._from = value ?? args.ElementAtOrDefault(++i) ?? "";
            else if (name == "--to")
                command._to = value ?? args.ElementAtOrDefault(++i) ?? "";
            else if (name.StartsWith("--", StringComparison.Ordinal) && name.Contains(':', StringComparison.Ordinal))
                command._settings.AddRange(value is null && i + 1 < args.Length ? [args[i], args[++i]] : [args[i]]);
            else
                return null;
        }
        return IsGiven(command._from) && IsGiven(command._to) ? command : null;

        static bool IsGiven(string value) => value.Length > 0 && !value.StartsWith("--", StringComparison.Ordinal);
    }

    public async Task<int> RunAsync(TextWriter output, TextWriter error)
    {
        // Not below the source: what lies there is only read.
        var folder = Directory.CreateTempSubdirectory("cote-copy-").FullName;
        try
        {
            _ = PostgresUrl.Parse(new Secret(_to), "--to");
            await using var app = CoteHost.Create(["--Logging:LogLevel:Default=Warning", .. _settings, $"--Cote:Data:Postgres={_to}", $"--Cote:Data:Directory={folder}"]);
            app.Services.GetRequiredService<DataOptions>().Postgres = new(_to); // a Postgres_File of the environment does not go before it
            var file = Path.GetFullPath(Directory.Exists(_from) ? Path.Combine(_from, "cote.db") : _from);
            await new CopyDatabase(file, (PostgresEngine)app.Services.GetRequiredService<DatabaseEngine>(), app.Services.GetRequiredService<BlobStorage>(),
                app.Services.GetRequiredService<Clock>(), output, error).RunAsync(folder, _skipLostMedia, CancellationToken.None);
            return 0;
        }
        catch (StartupException wrong)
        {
            error.WriteLine(wrong.Message);
        }
        catch (Exception broken) when (broken is ProblemException or DbException or IOException or SocketException or TimeoutException)
        {
            error.WriteLine($"The copy was cut off: {(broken is ProblemException said ? said.Problem.Detail : broken.Message)} Run it again: it goes on where it stopped.");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
        return 1;
    }
}

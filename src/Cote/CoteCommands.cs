using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cote.Admin;
using Cote.Data;
using Cote.Primitives;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Cote;

/// <summary>
/// The command line: <c>Cote.Server create-user ada ada@example.com --admin</c>. While the server runs it is asked
/// through its control socket and acts at once; when it does not, the command opens the database under the same lock.
/// </summary>
public static class CoteCommands
{
    const string Usage = """
        Cote.Server                                    runs the server
        Cote.Server create-user NAME EMAIL [--admin]   makes an account; the password is asked for, or read from standard input
        Cote.Server reset-password NAME                sets a password and logs the user out everywhere
        Cote.Server disable-user NAME                  logs the user out everywhere and lets nobody in
        Cote.Server enable-user NAME                   lets the user in again
        Cote.Server list-users                         lists all accounts
        Cote.Server copy --from data/cote.db --to postgres://USER:PASSWORD@HOST/DATABASE [--skip-lost-media]
                                                       copies everything of a stopped server into an empty PostgreSQL
        Cote.Server new-epoch                          after a restore or a failover: every client fetches its state anew
        Settings follow as for the server: --Cote:Data:Directory=DIR
        """;

    /// <summary>Runs a command, if the arguments begin with one; null where they do not, else the exit code.</summary>
    public static async Task<int?> RunAsync(string[] args, TextReader input, TextWriter output, TextWriter error)
    {
        var words = args.TakeWhile(x => !x.StartsWith("--", StringComparison.Ordinal)).ToArray();
        if (args is ["--help"] or ["-h"] or ["help"])
        {
            output.WriteLine(Usage);
            return 0;
        }
        if (words.Length == 0)
            return null;
        if (words is ["copy"] && CopyCommand.Read(args[1..]) is { } copy)
            return await copy.RunAsync(output, error);
        var admin = args.Contains("--admin");
        string[] settings = [.. args.Skip(words.Length).Where(x => x != "--admin")];
        if (Request(words, admin) is not { } body)
        {
            error.WriteLine($"{(words is ["copy"] ? "copy needs --from and --to, and nothing else but settings." : "Cote.Server knows no such command.")}\n{Usage}");
            return 2;
        }
        if (words[0] is "create-user" or "reset-password")
            body["password"] = ReadPassword(input, error);
        return await AskAsync(words[0], body, settings, output, error);
    }

    static JsonObject? Request(string[] words, bool admin) => words switch
    {
        ["create-user", var name, var email] => new() { ["username"] = name, ["email"] = email, ["admin"] = admin },
        ["reset-password" or "disable-user" or "enable-user", var name] => new() { ["username"] = name },
        ["list-users" or "new-epoch"] => [],
        _ => null,
    };

    static string ReadPassword(TextReader input, TextWriter error)
    {
        if (Console.IsInputRedirected || input != Console.In)
            return input.ReadLine() ?? "";
        error.Write("Password: ");
        var password = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
            if (key.Key != ConsoleKey.Backspace)
                password.Append(key.KeyChar);
            else if (password.Length > 0)
                password.Length--;
        error.WriteLine();
        return password.ToString();
    }

    static async Task<int> AskAsync(string command, JsonObject body, string[] settings, TextWriter output, TextWriter error)
    {
        await using var app = CoteHost.Create(["--Logging:LogLevel:Default=Warning", .. settings]);
        var path = ControlSocket.PathOf(app.Services.GetRequiredService<DataOptions>());
        var (ok, answer) = path is not null && await IsListeningAsync(path)
            ? await AskServerAsync(path, command, body)
            : await DoHereAsync(app, command, body);
        (ok ? output : error).WriteLine(answer);
        return ok ? 0 : 1;
    }

    static async Task<bool> IsListeningAsync(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException) // nobody has it open: the server does not run
        {
            return false;
        }
    }

    static async Task<(bool Ok, string Answer)> AskServerAsync(string path, string command, JsonObject body)
    {
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, ct) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), ct);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var http = new HttpClient(handler) { BaseAddress = new Uri("http://control") };
        using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var response = command == "list-users"
            ? await http.GetAsync(new Uri("/control/list-users", UriKind.Relative))
            : await http.PostAsync(new Uri("/control/" + command, UriKind.Relative), content);
        var answer = await response.Content.ReadAsStringAsync();
        return (response.IsSuccessStatusCode, response.IsSuccessStatusCode ? answer : Sentence(JsonNode.Parse(answer)!));
    }

    static async Task<(bool Ok, string Answer)> DoHereAsync(WebApplication app, string command, JsonObject body)
    {
        await app.Services.GetRequiredService<DatabaseEngine>().OpenAsync(CancellationToken.None);
        var control = app.Services.GetRequiredService<Control>();
        if (command == "list-users")
            return (true, JsonSerializer.Serialize<IReadOnlyList<AccountInfo>>(
                [.. (await control.ListUsersAsync(null, CancellationToken.None)).Select(AccountInfo.Of)],
                AccountJson.Default.IReadOnlyListAccountInfo));
        if (command == "new-epoch")
            return (true, JsonSerializer.Serialize(new NewEpoch(await control.NewEpochAsync(CancellationToken.None)), AccountJson.Default.NewEpoch));
        var request = new RequestReader(JsonElement.Parse(body.ToJsonString()));
        var (account, problem) = command switch
        {
            "create-user" => await control.CreateUserAsync(request, CancellationToken.None),
            "reset-password" => await control.ResetPasswordAsync(request, CancellationToken.None),
            "disable-user" => await control.DisableUserAsync(request, CancellationToken.None),
            _ => await control.EnableUserAsync(request, CancellationToken.None),
        };
        return account is not null
            ? (true, JsonSerializer.Serialize(AccountInfo.Of(account), AccountJson.Default.AccountInfo))
            : (false, problem!.Errors is { Count: > 0 } wrong ? $"{wrong[0].Loc[^1]}: {wrong[0].Msg}" : problem.Detail);
    }

    static string Sentence(JsonNode answer) => answer["detail"] switch
    {
        JsonArray { Count: > 0 } wrong => $"{wrong[0]!["loc"]!.AsArray()[^1]}: {wrong[0]!["msg"]}",
        var detail => detail?.ToString() ?? answer.ToJsonString(),
    };
}

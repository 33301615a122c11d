using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cote.Admin;
using Microsoft.Extensions.DependencyInjection;

namespace Cote;

/// <summary>
/// Parses a command, and runs it in the server that uses the data directory, or here where there is none.
/// </summary>
sealed class Terminal(
    string[] settings, TextReader input, TextWriter output, TextWriter error, Action<CoteBuilder>? add)
{
    const string Name = "Cote.Server";
    const int Refused = 1;
    const int Unknown = 2;

    // Standard output is the result alone.
    static readonly string[] Quiet =
        ["--Logging:LogLevel:Default=Warning", "--Logging:Console:LogToStandardErrorThreshold=Trace"];

    public async Task<int?> RunAsync(IReadOnlyList<string> words)
    {
        var root = Root();
        var parsed = root.Parse(words is ["help"] ? ["--help"] : words, new ParserConfiguration
        {
            EnablePosixBundling = false,
            ResponseFileTokenReplacer = null,
        });
        if (parsed.Errors is [var wrong, ..])
        {
            var command = parsed.CommandResult.Command;
            error.WriteLine($"{Name} knows no such command: {words[0].Split('=', 2)[0]}.{DetailOf(wrong, parsed)}");
            foreach (var known in command == root ? root.Subcommands : [command])
                error.WriteLine($"  {UsageOf(known)}");
            return Unknown;
        }
        return await parsed.InvokeAsync(new InvocationConfiguration
        {
            Output = output,
            Error = error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        });
    }

    // Without values: the parser's own sentence repeats what was typed, and that may hold a password.
    static string DetailOf(ParseError wrong, ParseResult parsed)
    {
        var command = parsed.CommandResult.Command.Name;
        return command == Name ? ""
            : parsed.UnmatchedTokens is [var token, ..] ? $" {command} does not take {token.Split('=', 2)[0]}."
            : " " + wrong.Message;
    }

    Command Root()
    {
        var root = new Command(Name, """
            Cote, a backend for AI chat. Without a command it runs the server.

            Settings may follow, for the server and for a command: --Cote:Data:Directory=DIR, --urls=http://*:8000.
            docs/configuration.md lists them.
            """) { new HelpOption(), new Option<bool>("--version") { Description = "Prints the version" } };
        root.SetAction(_ => Unknown); // no command: RunAsync is not called without one
        foreach (var command in AdminCommands.All)
            root.Add(Parser(command));
        root.Add(Copy());
        root.Add(Restore());
        return root;
    }

    Command Parser(AdminCommand command)
    {
        var parser = new Command(command.Name, command.Help);
        var arguments = command.Arguments.Where(x => !x.IsFlag && x.Value is null)
            .ToDictionary(x => x.Field, x => new Argument<string>(x.Name) { Description = x.Help });
        var named = command.Arguments.Where(x => x.Value is not null).ToDictionary(
            x => x.Field,
            x => new Option<string>(x.Name) { Description = x.Help, HelpName = x.Value, Required = true });
        var flags = command.Arguments.Where(x => x.IsFlag)
            .ToDictionary(x => x.Field, x => new Option<bool>(x.Name) { Description = x.Help });
        foreach (var argument in arguments.Values)
            parser.Add(argument);
        foreach (var option in named.Values.Concat<Option>(flags.Values))
            parser.Add(option);
        parser.SetAction((parsed, ct) =>
        {
            var request = new JsonObject();
            foreach (var (field, argument) in arguments)
                request[field] = parsed.GetValue(argument);
            foreach (var (field, option) in named)
                request[field] = parsed.GetValue(option);
            foreach (var path in command.Arguments.Where(x => x.IsPath))
                request[path.Field] = Path.GetFullPath((string)request[path.Field]!);
            foreach (var (field, flag) in flags)
                request[field] = parsed.GetValue(flag);
            if (command.NeedsPassword)
                request["password"] = ReadPassword();
            return RunAsync(command, request, ct);
        });
        return parser;
    }

    Command Copy()
    {
        var from = new Option<string>("--from")
        {
            Required = true,
            HelpName = "FILE",
            Description = "The embedded database, data/cote.db.",
        };
        var to = new Option<string>("--to")
        {
            Required = true,
            HelpName = "URL",
            Description = "The target, postgres://USER:PASSWORD@HOST/DATABASE.",
        };
        var skip = new Option<bool>("--skip-lost-media")
        {
            Description = "Goes on without the bytes of uploads that are lost.",
        };
        var parser = new Command("copy", "Copies everything of a stopped server into an empty PostgreSQL.")
        {
            from, to, skip,
        };
        parser.SetAction((parsed, ct) =>
            new CopyCommand(parsed.GetRequiredValue(from), parsed.GetRequiredValue(to), parsed.GetValue(skip)).RunAsync(
                (own, services) => CoteHost.Create([.. Quiet, .. settings, .. own], x =>
                {
                    add?.Invoke(x);
                    services(x.Services);
                }), output, error, ct));
        return parser;
    }

    Command Restore()
    {
        var from = new Option<string>("--from")
        {
            Required = true,
            HelpName = "DIR",
            Description = "The backup.",
        };
        var erased = new Option<string[]>("--erased")
        {
            HelpName = "FILE",
            Description = "A list erased.txt: what was erased after the backup is erased again. May be repeated.",
        };
        var parser = new Command(
            "restore", "Puts a backup into an empty data directory, or an empty PostgreSQL.") { from, erased };
        parser.SetAction((parsed, ct) =>
            new RestoreCommand(parsed.GetRequiredValue(from), parsed.GetValue(erased) ?? [], output, error).RunAsync(
                (own, services) => CoteHost.Create([.. Quiet, .. settings, .. own], x =>
                {
                    add?.Invoke(x);
                    services(x.Services);
                }), ct));
        return parser;
    }

    async Task<int> RunAsync(AdminCommand command, JsonObject request, CancellationToken ct)
    {
        await using var app = CoteHost.Create([.. Quiet, .. settings], add);
        var data = app.Services.GetRequiredService<DataOptions>();
        int? exit = 0;
        var refusal = ControlSocket.PathOf(data) is { } path && await ControlClient.IsListeningAsync(path, ct)
            ? await ControlClient.SendAsync(path, command, request, data, PrintAsync, ct)
            : await RunHereAsync(app.Services, command, request, PrintAsync, ct);
        refusal ??= exit is null ? "The server did not finish the command." : null;
        if (refusal is null)
            return exit!.Value;
        error.WriteLine(refusal);
        return Refused;

        async Task PrintAsync(Stream result)
        {
            if (command.HasConsole)
                exit = await CommandConsole.PrintAsync(result, output, error, ct);
            else
                await ControlClient.CopyAsync(result, output, ct);
        }
    }

    static async Task<string?> RunHereAsync(
        IServiceProvider services, AdminCommand command, JsonObject request, Func<Stream, Task> readAsync,
        CancellationToken ct)
    {
        var data = services.GetRequiredService<DataOptions>();
        // Nor is an empty one made.
        if (command.HasConsole && data.Postgres is null && !File.Exists(data.DatabaseFile))
            return $"There is no database {Path.GetFullPath(data.DatabaseFile)} (Cote__Data__Directory).";
        try
        {
            await services.GetRequiredService<DatabaseEngine>().OpenAsync(ct);
            var reader = new RequestReader(JsonElement.Parse(request.ToJsonString()));
            var result = await command.RunAsync(services.GetRequiredService<Control>(), reader, ct);
            if (result.Problem is { } problem)
                return problem.Sentence;
            var pipe = new Pipe();
            var writing = WriteAsync(pipe.Writer, result, ct);
            await readAsync(pipe.Reader.AsStream());
            await writing;
            return null;
        }
        catch (ProblemException failure)
        {
            return failure.Problem.Detail;
        }
    }

    static async Task WriteAsync(PipeWriter writer, AdminResult result, CancellationToken ct)
    {
        try
        {
            await using var stream = writer.AsStream(leaveOpen: true);
            await result.WriteAsync!(stream, ct);
            await writer.CompleteAsync();
        }
        catch (Exception failure) // whichever it is: the reading side would wait for ever
        {
            await writer.CompleteAsync(failure); // it throws it
        }
    }

    string ReadPassword()
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

    static string UsageOf(Command command) => string.Join(' ',
        [
            Name, command.Name, .. command.Arguments.Select(x => x.Name),
            .. command.Options.Select(x => x.Required ? $"{x.Name} {x.HelpName}" : $"[{x.Name}]"),
        ]);
}

using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Cote.Admin;

/// <summary>
/// What a long command prints while it works, and the code that it exits with. It goes through the control socket as
/// lines of JSON: <c>{"out": …}</c> and <c>{"error": …}</c> are lines for the terminal, <c>{"exit": 0}</c> is the
/// last.
/// </summary>
sealed class CommandConsole
{
    readonly Channel<string> _lines = Channel.CreateUnbounded<string>(new() { SingleReader = true });

    CommandConsole()
    {
        Out = new LineWriter(x => Send("out", x));
        Error = new LineWriter(x => Send("error", x));
    }

    /// <summary>Takes the lines of the result.</summary>
    public TextWriter Out { get; }

    /// <summary>Takes progress and failures.</summary>
    public TextWriter Error { get; }

    /// <summary>
    /// The result of a command that prints; a failure that an operator may meet is a line, and exit code 1.
    /// </summary>
    public static AdminResult Run(Func<CommandConsole, CancellationToken, Task<int>> work) =>
        new(null, (stream, ct) => new CommandConsole().RunAsync(work, stream, ct));

    /// <summary>Prints what a command has sent; its exit code, or null where it ends without one.</summary>
    public static async Task<int?> PrintAsync(Stream from, TextWriter output, TextWriter error, CancellationToken ct)
    {
        using var reader = new StreamReader(from, Encoding.UTF8);
        int? exit = null;
        while (await reader.ReadLineAsync(ct) is { } line)
        {
            var message = JsonNode.Parse(line)!;
            if (message["exit"] is { } code)
                exit = (int)code;
            else if (message["out"] is { } result)
                await output.WriteLineAsync((string)result!);
            else
                await error.WriteLineAsync((string)message["error"]!);
        }
        return exit;
    }

    async Task RunAsync(Func<CommandConsole, CancellationToken, Task<int>> work, Stream stream, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var working = Task.Run(() => WorkAsync(work, stop.Token), CancellationToken.None);
        try
        {
            await foreach (var line in _lines.Reader.ReadAllAsync(ct))
            {
                await stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), ct);
                await stream.FlushAsync(ct);
            }
        }
        catch
        {
            await stop.CancelAsync(); // nobody reads it any more: the operator has gone
            await Task.WhenAny(working);
            throw;
        }
        await working;
    }

    async Task WorkAsync(Func<CommandConsole, CancellationToken, Task<int>> work, CancellationToken ct)
    {
        try
        {
            var exit = await work(this, ct);
            _lines.Writer.TryWrite(new JsonObject { ["exit"] = exit }.ToJsonString());
        }
        catch (Exception failure) when (CommandFailures.SentenceOf(failure) is { } sentence)
        {
            Error.WriteLine(sentence);
            _lines.Writer.TryWrite(new JsonObject { ["exit"] = 1 }.ToJsonString());
        }
        finally
        {
            _lines.Writer.TryComplete();
        }
    }

    void Send(string kind, string line) => _lines.Writer.TryWrite(new JsonObject { [kind] = line }.ToJsonString());

    sealed class LineWriter(Action<string> send) : TextWriter
    {
        readonly StringBuilder _line = new();

        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value)
        {
            if (value == '\n')
            {
                send(_line.ToString());
                _line.Clear();
            }
            else if (value != '\r')
                _line.Append(value);
        }
    }
}

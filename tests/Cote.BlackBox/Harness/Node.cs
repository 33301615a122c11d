using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Cote.BlackBox.Harness;

/// <summary>
/// The published program as a process: in a working directory of its own, on a port that it keeps over restarts. What
/// it writes is kept; whatever happens, it does not outlive the tests.
/// </summary>
public sealed class Node : IAsyncDisposable
{
    static readonly ConcurrentDictionary<Process, bool> Running = [];

    const string Key = "the same on every node, for tokens that are good at each of them";

    readonly bool _ownsDirectory;
    readonly ConcurrentQueue<string> _output = [];
    TaskCompletionSource _up = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Process? _process;

    static Node() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (var process in Running.Keys)
            process.Kill();
    };

    public Node(PublishedProgram program, string? directory = null) : this(program.File, directory) { }

    public Node(string program, string? directory = null)
    {
        Program = program;
        _ownsDirectory = directory is null;
        WorkingDirectory = directory ?? Directory.CreateTempSubdirectory("cote-node-").FullName;
    }

    /// <summary>The executable.</summary>
    public string Program { get; }

    /// <summary>Where it is started: <c>data</c> is made below.</summary>
    public string WorkingDirectory { get; }

    /// <summary>Where it listens; the same after a restart.</summary>
    public Uri Url { get; init; } = new($"http://127.0.0.1:{Ports.Free()}");

    /// <summary>Whether it is told with <c>--urls</c> where to listen.</summary>
    public bool SaysUrl { get; init; } = true;

    /// <summary>
    /// What is said on its command line after <c>--urls</c>: <c>--Cote:Assistants:OpenAI:Model=fake</c>.
    /// </summary>
    public List<string> Arguments { get; } = [];

    /// <summary>
    /// Its environment beside that of the tests, in which nothing of Cote, ASP.NET Core or a provider is left.
    /// </summary>
    public Dictionary<string, string> Variables { get; } = [];

    /// <summary>A command in front of it, such as a shell that sets a limit and becomes it.</summary>
    public List<string> Before { get; } = [];

    /// <summary>Every line that it wrote, on both streams, over all its starts.</summary>
    public string Output => string.Join('\n', _output);

    /// <summary>Ends when it is up; a new one after each kill.</summary>
    public Task Up => _up.Task;

    public int Pid => _process!.Id;

    /// <summary>How long the last start took, to the first 200.</summary>
    public TimeSpan StartedIn { get; private set; }

    /// <summary>Resident memory in bytes.</summary>
    public long Resident => File.ReadLines($"/proc/{Pid}/status")
        .Where(x => x.StartsWith("VmRSS:", StringComparison.Ordinal))
        .Select(x => long.Parse(x.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture) * 1024).Single();

    /// <summary>One with a scripted model behind <c>openai/fake</c> and no limits of rate.</summary>
    public static Node With(PublishedProgram program, FakeModelServer model, params string[] settings) =>
        With(new Node(program), model, settings);

    /// <summary>The same of another program.</summary>
    public static Node With(Node node, FakeModelServer model, params string[] settings)
    {
        foreach (var limit in new[] { "Login", "Registration", "Messages", "Requests", "Search" })
            node.Arguments.Add($"--Cote:RateLimits:{limit}PerMinute=1000000000");
        node.Arguments.Add("--Cote:Assistants:OpenAI:Model=fake");
        node.Arguments.AddRange(settings.Select(x => "--Cote:" + x));
        node.Variables["OPENAI_BASE_URL"] = model.OpenAiUrl;
        node.Variables["OPENAI_API_KEY"] = "sk-black-box-key";
        return node;
    }

    /// <summary>With its rows in a database of PostgreSQL; null leaves them in its directory.</summary>
    public Node On(string? database)
    {
        if (database is null)
            return this;
        Variables["DATABASE_URL"] = database;
        Variables["Cote__Auth__SigningKey"] = Key;
        return this;
    }

    /// <summary>Starts it and waits until it takes work, or until another path answers 200.</summary>
    public async Task<Node> StartAsync(string until = "/health/ready")
    {
        var began = Stopwatch.GetTimestamp();
        Launch();
        using var http = new HttpClient { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(5) };
        using var often = new PeriodicTimer(TimeSpan.FromMilliseconds(5)); // a port that is not open yet gives no event
        while (!await IsReadyAsync(http, until))
        {
            if (_process!.HasExited)
                throw new InvalidOperationException($"It ended with {_process.ExitCode}:\n{Output}");
            if (Stopwatch.GetElapsedTime(began) > Patience.ToStart)
                throw new TimeoutException($"Not ready after {Patience.ToStart}:\n{Output}");
            await often.WaitForNextTickAsync();
        }
        StartedIn = Stopwatch.GetElapsedTime(began);
        _up.TrySetResult();
        return this;
    }

    /// <summary>Starts it and waits for its end: for a start that is refused.</summary>
    public async Task<int> RunToEndAsync()
    {
        Launch();
        return await EndAsync();
    }

    /// <summary>SIGKILL: it is gone before this answers.</summary>
    public async Task KillAsync()
    {
        if (_up.Task.IsCompleted)
            _up = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _process!.Kill();
        await EndAsync();
    }

    /// <summary>SIGTERM, and its exit code.</summary>
    public async Task<int> StopAsync()
    {
        if (_up.Task.IsCompleted)
            _up = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Signal.Term.Send(Pid);
        return await EndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await KillAsync();
        if (_ownsDirectory)
            Directory.Delete(WorkingDirectory, recursive: true);
    }

    static async Task<bool> IsReadyAsync(HttpClient http, string path)
    {
        try
        {
            using var answer = await http.GetAsync(path);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    void Launch()
    {
        _process?.Dispose();
        string[] where = SaysUrl ? [$"--urls={Url.GetLeftPart(UriPartial.Authority)}"] : [];
        string[] command = [.. Before, Program, .. where, .. Arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = WorkingDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(IsOurs).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in Variables)
            start.Environment[name] = value;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        Running[_process] = true;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();

        static bool IsOurs(string name) => name.StartsWith("Cote__", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("ASPNETCORE_", StringComparison.Ordinal)
                || name.StartsWith("OPENAI_", StringComparison.Ordinal)
            || name.StartsWith("ANTHROPIC_", StringComparison.Ordinal)
                || name == "DATABASE_URL" || name.StartsWith("Logging__", StringComparison.Ordinal);
    }

    void Keep(string? line)
    {
        if (line is not null)
            _output.Enqueue(line);
    }

    async Task<int> EndAsync()
    {
        using var limit = new CancellationTokenSource(Patience.Deadline);
        try
        {
            await _process!.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process!.Kill();
            throw new TimeoutException($"It did not end:\n{Output}");
        }
        Running.TryRemove(_process, out _);
        return _process.ExitCode;
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;

namespace Cote.Testing;

/// <summary>
/// A server of the machine, run as a child in a folder of its own. It ends with the tests, even where they are killed;
/// the folder goes with it, unless they are.
/// </summary>
/// <param name="name">What its folder is called: <c>cote-name-…</c>.</param>
/// <param name="last">The signal after which nothing of it is left, children and shared memory included.</param>
/// <param name="user">As whom it runs, where the tests run as root and it refuses to.</param>
public sealed class Daemon(string name, Signal last = Signal.Kill, string? user = null) : IAsyncDisposable
{
    static readonly ConcurrentDictionary<Daemon, bool> All = [];

    readonly ConcurrentQueue<string> _output = [];
    Process? _process;
    TaskCompletionSource<int> _ended = new();

    static Daemon() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        Task.WaitAll([.. All.Keys.Select(x => x.DisposeAsync().AsTask())], TimeSpan.FromSeconds(20));
    };

    /// <summary>Where it keeps all that it keeps.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory($"cote-{name}-").FullName;

    public int Pid => _process!.Id;

    public bool IsRunning => _process is not null && !_ended.Task.IsCompleted;

    /// <summary>Every line that it wrote, on both streams, over all its starts.</summary>
    public string Output => string.Join('\n', _output);

    /// <summary>Gives the folder to the user as whom it runs.</summary>
    public Task GiveFolderAsync() =>
        user is null ? Task.CompletedTask : Shell.MustAsync("chown", "-R", user + ":", Folder);

    /// <summary>Starts a command as it and waits until it is ready; by default, to its end.</summary>
    public async Task StartAsync(string[] command, Dictionary<string, string>? variables = null,
        Func<Task<bool>>? ready = null)
    {
        All[this] = true;
        _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        // For the kernel the parent of a process is the thread that started it: this one stays as long as the child.
        new Thread(() => Follow(command, variables ?? [], started)) { IsBackground = true }.Start();
        await started.Task;
        if (ready is not null)
            await UntilAsync(ready);
        else if (await EndAsync(Signal.None) is not 0 and var code)
            throw new InvalidOperationException($"{command[0]} ended with {code}:\n{Output}");
    }

    /// <summary>Waits until something holds, as long as it runs.</summary>
    public async Task UntilAsync(Func<Task<bool>> holds)
    {
        var began = Stopwatch.GetTimestamp();
        // a port that is not open yet gives no event
        using var often = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await holds())
        {
            if (!IsRunning)
                throw new InvalidOperationException($"{name} ended with {await _ended.Task}:\n{Output}");
            if (Stopwatch.GetElapsedTime(began) > Patience.ToStart)
                throw new TimeoutException($"{name} is not ready after {Patience.ToStart}:\n{Output}");
            await often.WaitForNextTickAsync();
        }
    }

    /// <summary>Sends a signal and waits for its end; its exit code.</summary>
    public async Task<int> EndAsync(Signal signal)
    {
        signal.Send(Pid);
        try
        {
            return await _ended.Task.InTimeAsync();
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{name} did not end:\n{Output}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (IsRunning)
            await EndAsync(last);
        if (All.TryRemove(this, out _))
            _process?.Dispose();
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
    }

    void Follow(string[] command, Dictionary<string, string> variables, TaskCompletionSource started)
    {
        var start = new ProcessStartInfo
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        // Whoever kills the tests with a signal that nobody hears gets their servers too.
        if (Needs.Find("setpriv") is { } setpriv)
            command = [setpriv, $"--pdeathsig={last.ToString().ToUpperInvariant()}", .. Identity(), "--", .. command];
        start.FileName = command[0];
        foreach (var argument in command.Skip(1))
            start.ArgumentList.Add(argument);
        foreach (var (variable, value) in variables)
            start.Environment[variable] = value;
        _process?.Dispose();
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        try
        {
            _process.Start();
        }
        catch (Exception error) when (error is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            started.SetException(error);
            return;
        }
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        started.SetResult();
        _process.WaitForExit();
        _ended.SetResult(_process.ExitCode);
    }

    string[] Identity() => user is null ? [] : [$"--reuid={user}", $"--regid={user}", "--init-groups"];

    void Keep(string? line)
    {
        if (line is not null)
            _output.Enqueue(line);
    }
}

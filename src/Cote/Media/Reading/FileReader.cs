using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Media.Reading;

/// <summary>What a reader made of a file.</summary>
/// <param name="Word">Why nothing could be made; null where it could.</param>
/// <param name="Parts">What it made.</param>
sealed record ReadResult(string? Word, IReadOnlyList<ReadPart> Parts);

/// <summary>
/// Lets a process of its own read a file: parsers of pictures and documents may crash, hang or take all memory, and
/// none of that may harm the server. A process reads one file, two are at work at once, and the users that wait take
/// turns.
/// </summary>
sealed class FileReader(ReaderProgram program, BlobStorage storage, Clock clock, ILogger<FileReader> log)
{
    const int AtOnce = 2;
    const int MostMade = 16 * 1_048_576;
    const int MostParts = 100;
    const int LongestHeader = 4_096;
    const int LongestError = 2_000;
    const long LargestFile = 128 * 1_048_576;

    // Exit codes of a process that a signal ended. Who stops the server may stop its readers too.
    const int Interrupted = 130;
    const int Terminated = 143;
    const int Killed = 137;
    const int OutOfTime = 152;
    static readonly TimeSpan InputWithin = TimeSpan.FromMinutes(5);
    static readonly TimeSpan Within = TimeSpan.FromSeconds(30);
    static readonly TimeSpan Starved = TimeSpan.FromSeconds(5);

    readonly FairSlots _slots = new(AtOnce);

    /// <summary>
    /// Reads a file; null where <paramref name="patience"/> was cancelled before there was room.
    /// </summary>
    /// <exception cref="IOException">The file cannot be had, or no process can be started.</exception>
    /// <exception cref="ProblemException">The storage is away.</exception>
    public async Task<ReadResult?> ReadAsync(
        MediaFile file, ReadRequest request, CancellationToken patience, CancellationToken ct)
    {
        if (file.Size > LargestFile)
            return new(UnreadableException.TooLarge, []);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience, ct);
        try
        {
            await _slots.AcquireAsync(file.UserId, either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return null;
        }
        try
        {
            return await RunAsync(file, request, ct);
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>A recording in pieces of at most so many bytes, in order, each with its type.</summary>
    /// <exception cref="UnreadableException">It cannot be cut.</exception>
    public async Task<IReadOnlyList<ReadPart>> SplitAsync(MediaFile file, int maxBytes, CancellationToken ct)
    {
        var request = new ReadRequest(ReadTask.Pieces, file.ContentType, file.Size, maxBytes);
        var result = await ReadAsync(file, request, CancellationToken.None, ct);
        return result!.Word is { } word ? throw new UnreadableException(word) : result.Parts;
    }

    async Task<ReadResult> RunAsync(MediaFile file, ReadRequest request, CancellationToken ct)
    {
        using var process = Start();
        var error = ReadErrorAsync(process);
        try
        {
            await SendAsync(process, file, request, ct);
            using var limit = new CancellationTokenSource(Within, clock.Provider);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
            var output = process.StandardOutput.BaseStream;
            var isReady = false;
            try
            {
                isReady = await ReadHeaderAsync(output, either.Token) is { Kind: ReadPart.Ready };
                limit.CancelAfter(Within);
                var most = request.Task == ReadTask.Pieces ? file.Size + MostMade : MostMade;
                if (isReady && await ReceiveAsync(output, most, either.Token) is { } result)
                    return result;
                await process.WaitForExitAsync(either.Token);
            }
            catch (OperationCanceledException) when (limit.IsCancellationRequested && !ct.IsCancellationRequested)
            {
                log.ReaderTimedOut(file.Id, file.ContentType, Within.TotalSeconds);
                // On a machine that is overloaded the time says nothing about the file.
                if (!isReady || UsedBy(process) < Starved)
                    throw new IOException("A reader got too little processor time.");
                return new(UnreadableException.TooLarge, []);
            }
            var said = await error;
            log.ReaderDied(file.Id, file.ContentType, process.ExitCode, said);
            if (!isReady || process.ExitCode is Interrupted or Terminated)
                throw new IOException("A reader ended before it read the file.");
            return new(process.ExitCode is Killed or OutOfTime || said.Contains("memory", StringComparison.Ordinal)
                ? UnreadableException.TooLarge : UnreadableException.Damaged, []);
        }
        finally
        {
            await EndAsync(process);
        }
    }

    // Nothing of the server's environment: what it needs to find the runtime, and bounds for the runtime's own memory.
    Process Start()
    {
        var start = new ProcessStartInfo(program.File, [.. program.Arguments, ReaderCommand.Verb])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment.Clear();
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_gcConcurrent"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_GCHeapHardLimit"] = "0x18000000";
        if (Path.GetDirectoryName(program.File) is { } folder && program.Arguments.Count > 0)
            start.Environment["DOTNET_ROOT"] = folder;
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            log.ReaderNotStarted(program.File, error.Message);
            throw new IOException("No reader can be started.", error);
        }
    }

    async Task SendAsync(Process process, MediaFile file, ReadRequest request, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(InputWithin, clock.Provider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        await using var bytes = new BlobStream(storage, file.BlobId, file.Size);
        var input = process.StandardInput.BaseStream;
        var buffer = new byte[LocalFile.BlockSize];
        JsonSerializer.SerializeToUtf8Bytes(request, ReadingJson.Default.ReadRequest).CopyTo(buffer, 0);
        var length = Array.IndexOf(buffer, (byte)0);
        buffer[length++] = (byte)'\n';
        try
        {
            while (length > 0 && await TryWriteAsync(input, buffer.AsMemory(0, length), either.Token))
                length = await bytes.ReadAsync(buffer, either.Token);
            await input.DisposeAsync();
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new IOException("The storage does not give the file to a reader in time.");
        }
    }

    // False where it ended early; its output, or its exit code, says why.
    static async Task<bool> TryWriteAsync(Stream input, ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        try
        {
            await input.WriteAsync(bytes, ct);
            await input.FlushAsync(ct);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    // Null where it ended without its last word.
    static async Task<ReadResult?> ReceiveAsync(Stream output, long most, CancellationToken ct)
    {
        var parts = new List<ReadPart>();
        while (await ReadHeaderAsync(output, ct) is { } header)
        {
            if (header.Kind == ReadPart.End)
                return new(null, parts);
            if (header.Kind == ReadPart.Unreadable)
                return new(UnreadableException.Known(header.Word), []);
            if (parts.Count == MostParts || header.Size < 0 || (most -= header.Size) < 0)
                return new(UnreadableException.TooLarge, []);
            var bytes = new byte[header.Size];
            if (await output.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct) < bytes.Length)
                return null;
            parts.Add(header with { Bytes = bytes });
        }
        return null;
    }

    static async Task<ReadPart?> ReadHeaderAsync(Stream output, CancellationToken ct)
    {
        var line = new byte[LongestHeader];
        for (var length = 0; length < line.Length; length++)
        {
            if (await output.ReadAsync(line.AsMemory(length, 1), ct) == 0)
                return null;
            if (line[length] == '\n')
                return Parse(line.AsSpan(0, length));
        }
        return Garbage;
    }

    // A reader that a file has taken over may write anything.
    static readonly ReadPart Garbage = new(ReadPart.Unreadable);

    static ReadPart Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, ReadingJson.Default.ReadPart) is { Kind: not null } part
                ? part : Garbage;
        }
        catch (JsonException)
        {
            return Garbage;
        }
    }

    static TimeSpan UsedBy(Process process)
    {
        try
        {
            return process.TotalProcessorTime;
        }
        catch (InvalidOperationException)
        {
            return TimeSpan.Zero; // It has ended meanwhile.
        }
    }

    static async Task<string> ReadErrorAsync(Process process)
    {
        var said = new StringBuilder();
        var buffer = new char[1_024];
        while (await process.StandardError.ReadAsync(buffer) is > 0 and var read)
            if (said.Length < LongestError)
                said.Append(buffer, 0, Math.Min(read, LongestError - said.Length));
        return said.ToString().ReplaceLineEndings(" ").Trim();
    }

    static async Task EndAsync(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended.
        }
        await process.WaitForExitAsync(CancellationToken.None);
    }
}

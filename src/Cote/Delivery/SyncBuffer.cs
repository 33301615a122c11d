using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Delivery;

/// <summary>
/// An answer that is whole before its first byte is sent, so that no snapshot of the database waits for a slow client.
/// What is beyond a megabyte lies in a file without a name, and in memory where that cannot be written: reads need no
/// disk.
/// </summary>
sealed class SyncBuffer(string folder) : IAsyncDisposable
{
    const int MostInMemory = 1 << 20;

    static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly ArrayBufferWriter<byte> _memory = new(4_096);
    Utf8JsonWriter? _json;
    FileStream? _file;
    bool _isMemoryAlone;

    public Utf8JsonWriter Json => _json ??= new(_memory, Writing);

    /// <summary>Whether its memory is full, so that what is in it belongs into the file.</summary>
    public bool IsFull => !_isMemoryAlone && _memory.WrittenCount + Json.BytesPending > MostInMemory;

    /// <summary>Moves what is in memory into the file.</summary>
    public async Task SpillAsync(CancellationToken ct)
    {
        await Json.FlushAsync(ct);
        var length = _file?.Length ?? 0;
        try
        {
            _file ??= OwnerOnly.OpenUnnamed(folder);
            await _file.WriteAsync(_memory.WrittenMemory, ct);
            await _file.FlushAsync(ct);
        }
        // The framework tells of a file beyond the limit of the process (EFBIG) by the last of them.
        catch (Exception error) when (
            error is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            _isMemoryAlone = true;
            _file?.SetLength(length);
            return;
        }
        _memory.ResetWrittenCount();
    }

    public async Task SendAsync(HttpResponse response, CancellationToken ct)
    {
        await Json.FlushAsync(ct);
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = (_file?.Length ?? 0) + _memory.WrittenCount;
        if (_file is not null)
        {
            _file.Position = 0;
            await _file.CopyToAsync(response.Body, ct);
        }
        await response.Body.WriteAsync(_memory.WrittenMemory, ct);
    }

    public async ValueTask DisposeAsync()
    {
        if (_json is not null)
            await _json.DisposeAsync();
        if (_file is not null)
            await _file.DisposeAsync();
    }
}

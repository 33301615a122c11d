using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Cote.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Cote;

/// <summary>What a verb answers that has nothing else to say.</summary>
sealed record SuccessBody(bool Success);

/// <summary>The shapes of answers.</summary>
public static class ApiResults
{
    static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    const int MostKept = 16 * 1024;

    // A writer of each thread: what an answer leaves behind is its bytes alone.
    [ThreadStatic]
    static Scratch? _scratch;

    internal static readonly IResult Success = Json("""{"success":true}"""u8.ToArray());

    internal static readonly IResult Accepted = new JsonBytesResult("""{"success":true}"""u8.ToArray(), 202);

    internal static IResult Json(ReadOnlyMemory<byte> json, int status = 200) => new JsonBytesResult(json, status);

    internal static IResult Json<T>(T value, JsonTypeInfo<T> type) => Json(Write(value, type));

    internal static byte[] Write<T>(T value, JsonTypeInfo<T> type) =>
        Write((Value: value, Type: type), static (json, x) => JsonSerializer.Serialize(json, x.Value, x.Type));

    /// <summary>The problem as an answer, with the headers that belong to it.</summary>
    public static IResult Of(Problem problem) => new ProblemResult(problem);

    internal static byte[] Write(Action<Utf8JsonWriter> write) => Write(write, static (json, x) => x(json));

    static byte[] Write<T>(T state, Action<Utf8JsonWriter, T> write)
    {
        var scratch = _scratch ?? new();
        _scratch = null; // One that writes may ask for another text meanwhile.
        try
        {
            write(scratch.Json, state);
            scratch.Json.Flush();
            return scratch.Buffer.WrittenSpan.ToArray();
        }
        finally
        {
            scratch.Json.Reset();
            scratch.Buffer.ResetWrittenCount();
            if (scratch.Buffer.Capacity <= MostKept)
                _scratch = scratch;
        }
    }

    sealed class Scratch
    {
        public Scratch() => Json = new(Buffer, Writing);

        public ArrayBufferWriter<byte> Buffer { get; } = new(256);

        public Utf8JsonWriter Json { get; }
    }

    sealed class ProblemResult(Problem problem) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var headers = httpContext.Response.Headers;
            if (problem.Status == StatusCodes.Status401Unauthorized)
                headers.WWWAuthenticate = "Bearer";
            if (problem.RetryAfter is { } wait)
                headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString();
            return httpContext.RequestServices.GetServices<ProblemShape>().FirstOrDefault(x => x.Holds(httpContext))
                is { } shape ? shape.WriteAsync(httpContext, problem)
                    : new JsonBytesResult(Write(json => WriteProblem(json, problem)), problem.Status)
                        .ExecuteAsync(httpContext);
        }
    }

    static void WriteProblem(Utf8JsonWriter json, Problem problem)
    {
        json.WriteStartObject();
        json.WritePropertyName("detail"u8);
        if (problem.Errors is null)
        {
            json.WriteStringValue(problem.Detail);
        }
        else
        {
            json.WriteStartArray();
            foreach (var error in problem.Errors)
            {
                json.WriteStartObject();
                json.WriteString("type"u8, error.Type);
                json.WritePropertyName("loc"u8);
                error.Loc.WriteTo(json);
                json.WriteString("msg"u8, error.Msg);
                json.WritePropertyName("input"u8);
                if (error.Input is null)
                    json.WriteNullValue();
                else
                    error.Input.WriteTo(json);
                if (error.Ctx is not null)
                {
                    json.WritePropertyName("ctx"u8);
                    error.Ctx.WriteTo(json);
                }
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        json.WriteString("code"u8, problem.Code);
        if (problem.ResetsAt is { } reset)
            json.WriteString("resets_at"u8, reset.ToString());
        json.WriteEndObject();
    }

    sealed class JsonBytesResult(ReadOnlyMemory<byte> json, int status) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            response.StatusCode = status;
            response.ContentType = "application/json; charset=utf-8"; // old clients of Dart read latin-1 without it
            response.ContentLength = json.Length;
            return response.Body.WriteAsync(json, httpContext.RequestAborted).AsTask();
        }
    }
}

using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.SafeDirectories)]

namespace Cote.Data;

/// <summary>
/// A prepared statement of SQLite, and the row at which it stands. The driver opens connections and knows the errors;
/// values go in and come out here, by calls that cost next to nothing: a list of fifty messages needs three thousand of
/// them. See docs/decisions/0015-embedded-engine-calls.md.
/// </summary>
sealed class SqliteStatement : Row, IDisposable
{
    const int LongestOnStack = 512;
    static readonly nint Copied = -1; // SQLITE_TRANSIENT: the engine keeps a copy of what is bound

    readonly sqlite3 _db;
    readonly sqlite3_stmt _statement;
    readonly nint _handle;
    readonly bool _reads;
    bool _isOver;

    public SqliteStatement(sqlite3 db, string text)
    {
        _db = db;
        Check(raw.sqlite3_prepare_v3(db, text, raw.SQLITE_PREPARE_PERSISTENT, out _statement));
        _handle = _statement.DangerousGetHandle(); // it lives as long as this does
        _reads = raw.sqlite3_stmt_readonly(_statement) != 0;
    }

    /// <summary>The number of rows it changed, once it has run to its end.</summary>
    public int Changed => _reads ? 0 : raw.sqlite3_changes(_db);

    public void Bind(ReadOnlySpan<Sql.Arg> args)
    {
        for (var i = 0; i < args.Length; i++)
            Check(args[i].Value switch
            {
                string text => BindText(i + 1, text),
                long number => bind_int64(_handle, i + 1, number),
                double number => bind_double(_handle, i + 1, number),
                byte[] { Length: > 0 } bytes => bind_blob(_handle, i + 1, ref bytes[0], bytes.Length, Copied),
                byte[] => bind_zeroblob(_handle, i + 1, 0),
                _ => bind_null(_handle, i + 1),
            });
    }

    /// <summary>Moves to the next row; false at the end, also when called again.</summary>
    public bool Step()
    {
        if (_isOver) // the engine would begin again, and do everything a second time
            return false;
        var code = raw.sqlite3_step(_statement);
        if (code is raw.SQLITE_ROW)
            return true;
        _isOver = true;
        if (code is not raw.SQLITE_DONE)
            Check(code);
        return false;
    }

    /// <summary>Makes it ready to run again. <see cref="Step"/> has reported the error, if there was one.</summary>
    public void Reset()
    {
        _ = raw.sqlite3_reset(_statement);
        _isOver = false;
    }

    public override bool IsDBNull(int column) => column_type(_handle, column) == raw.SQLITE_NULL;

    public override string GetString(int column)
    {
        var text = column_text(_handle, column); // first: it makes the text whose bytes are counted
        return text == 0 ? throw new InvalidCastException($"Column {column} is null")
            : Marshal.PtrToStringUTF8(text, column_bytes(_handle, column));
    }

    public override long GetInt64(int column) => column_int64(_handle, column);

    public override double GetDouble(int column) => column_double(_handle, column);

    public override byte[] GetBytes(int column)
    {
        var bytes = new byte[column_bytes(_handle, column)];
        CopyBytes(column, bytes);
        return bytes;
    }

    public override int CopyBytes(int column, byte[] into)
    {
        var blob = column_blob(_handle, column);
        var length = Math.Min(column_bytes(_handle, column), into.Length);
        if (length > 0)
            Marshal.Copy(blob, into, 0, length);
        return length;
    }

    public void Dispose() => _statement.Dispose();

    int BindText(int at, string text)
    {
        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        byte[]? rented = null;
        Span<byte> bytes = most <= LongestOnStack
            ? stackalloc byte[LongestOnStack] : rented = ArrayPool<byte>.Shared.Rent(most);
        var length = Encoding.UTF8.GetBytes(text, bytes);
        var code = bind_text(_handle, at, ref MemoryMarshal.GetReference(bytes), length, Copied);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return code;
    }

    void Check(int code)
    {
        if (code != raw.SQLITE_OK)
            SqliteException.ThrowExceptionForRC(code, _db);
    }

    // None of them waits or calls back, so the runtime can skip the transition that lets its collector run meanwhile.
    const string Engine = "e_sqlite3";

#pragma warning disable SYSLIB1054 // all arguments are blittable: there is nothing for the generator to generate
    [DllImport(Engine, EntryPoint = "sqlite3_bind_int64", ExactSpelling = true), SuppressGCTransition]
    static extern int bind_int64(nint statement, int at, long value);

    [DllImport(Engine, EntryPoint = "sqlite3_bind_double", ExactSpelling = true), SuppressGCTransition]
    static extern int bind_double(nint statement, int at, double value);

    [DllImport(Engine, EntryPoint = "sqlite3_bind_null", ExactSpelling = true), SuppressGCTransition]
    static extern int bind_null(nint statement, int at);

    [DllImport(Engine, EntryPoint = "sqlite3_bind_zeroblob", ExactSpelling = true), SuppressGCTransition]
    static extern int bind_zeroblob(nint statement, int at, int length);

    [DllImport(Engine, EntryPoint = "sqlite3_bind_text", ExactSpelling = true)]
    static extern int bind_text(nint statement, int at, ref byte text, int length, nint destructor);

    [DllImport(Engine, EntryPoint = "sqlite3_bind_blob", ExactSpelling = true)]
    static extern int bind_blob(nint statement, int at, ref byte bytes, int length, nint destructor);

    [DllImport(Engine, EntryPoint = "sqlite3_column_type", ExactSpelling = true), SuppressGCTransition]
    static extern int column_type(nint statement, int column);

    [DllImport(Engine, EntryPoint = "sqlite3_column_int64", ExactSpelling = true), SuppressGCTransition]
    static extern long column_int64(nint statement, int column);

    [DllImport(Engine, EntryPoint = "sqlite3_column_double", ExactSpelling = true), SuppressGCTransition]
    static extern double column_double(nint statement, int column);

    [DllImport(Engine, EntryPoint = "sqlite3_column_text", ExactSpelling = true), SuppressGCTransition]
    static extern nint column_text(nint statement, int column);

    [DllImport(Engine, EntryPoint = "sqlite3_column_blob", ExactSpelling = true), SuppressGCTransition]
    static extern nint column_blob(nint statement, int column);

    [DllImport(Engine, EntryPoint = "sqlite3_column_bytes", ExactSpelling = true), SuppressGCTransition]
    static extern int column_bytes(nint statement, int column);
#pragma warning restore SYSLIB1054
}

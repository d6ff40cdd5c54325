//! Streams `model.xml` one top-level element at a time and joins what it finds into a [`Model`]. Element types that are
//! not needed are counted and passed over.
use crate::error::Error;
use crate::limits::Limits;
use crate::model::{Column, ExtendedProperty, Model, Table};
use crate::model_objects as read;
use crate::name::ObjectName;
use crate::sql_type::{Field, SqlType};
use crate::type_spec::TypeSpec;
use crate::xml::{Node, Step, XmlReader};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::io::Read;

/// Reads the model and gives the SHA-256 of its bytes in upper-case hex.
pub(crate) fn read(source: impl Read, limits: &Limits) -> Result<(Model, String), Error> {
    let mut hash = Sha256::new();
    let mut xml = XmlReader::new(
        "model.xml",
        Hashing {
            source,
            hash: &mut hash,
        },
        limits,
    );
    let Step::Open(root) = xml.step()? else {
        return Err(xml.problem("no root element"));
    };
    if root.tag != "DataSchemaModel" {
        return Err(xml.problem("the root element is not DataSchemaModel"));
    }
    let mut gathering = Gathering::default();
    let text = |name| root.attribute(name).unwrap_or_default().to_owned();
    gathering.model.provider = text("DspName");
    gathering.model.schema_version = text("SchemaVersion");
    // Level 1 is inside the root, level 2 inside <Model>.
    let mut level = 1u32;
    let mut objects = 0u64;
    loop {
        match xml.step()? {
            Step::Open(node) if level == 1 && node.tag == "Model" => level = 2,
            Step::Open(node) => {
                let in_model = level == 2;
                let node = xml.fill(node)?;
                if in_model && node.tag == "Element" {
                    objects += count(&node);
                    if objects > limits.objects {
                        return Err(Error::Limit {
                            entry: "model.xml".to_owned(),
                            what: "objects",
                            limit: limits.objects,
                        });
                    }
                    gathering.element(&node).map_err(|problem| Error::Model {
                        element: format!("{} {}", node.kind(), node.attribute("Name").unwrap_or_default()),
                        problem,
                    })?;
                }
            }
            Step::Close => level = level.saturating_sub(1),
            Step::End => break,
        }
    }
    xml.drain()?;
    let model = gathering.finish()?;
    Ok((
        model,
        hash.finalize().iter().map(|byte| format!("{byte:02X}")).collect(),
    ))
}

/// How much of what is kept an element is: every element and reference in it may become something of the model.
fn count(node: &Node) -> u64 {
    let own = matches!(node.tag.as_str(), "Element" | "References");
    u64::from(own) + node.children.iter().map(count).sum::<u64>()
}

struct Hashing<'a, R> {
    source: R,
    hash: &'a mut Sha256,
}

impl<R: Read> Read for Hashing<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.hash.update(&buffer[..count]);
        Ok(count)
    }
}

/// Elements refer to one another in any order, so they are joined when all are there.
#[derive(Default)]
struct Gathering {
    model: Model,
    aliases: HashMap<String, TypeSpec>,
    /// For each table, the specifier of each of its columns.
    specs: Vec<Vec<TypeSpec>>,
    constraints: Vec<(ObjectName, Constraint)>,
}

enum Constraint {
    Primary(crate::model::Key),
    Unique(crate::model::Key),
    Foreign(crate::model::ForeignKey),
    Check(crate::model::Check),
    Default(crate::model::DefaultConstraint),
    Index(crate::model::Index),
}

impl Gathering {
    fn element(&mut self, node: &Node) -> Result<(), String> {
        let model = &mut self.model;
        match node.kind() {
            "SqlDatabaseOptions" => model.collation = node.property("Collation").map(str::to_owned),
            "SqlSchema" => model.schemas.push(node.name().last().to_owned()),
            "SqlTable" => self.table(node)?,
            "SqlUserDefinedDataType" => {
                let spec = TypeSpec::read(node).ok_or("an alias type without a type")?;
                self.aliases.insert(node.name().key(), spec);
            }
            "SqlPrimaryKeyConstraint" => {
                self.constraint(node, "DefiningTable", Constraint::Primary(read::key(node, true)))?
            }
            "SqlUniqueConstraint" => {
                self.constraint(node, "DefiningTable", Constraint::Unique(read::key(node, false)))?
            }
            "SqlForeignKeyConstraint" => {
                self.constraint(node, "DefiningTable", Constraint::Foreign(read::foreign_key(node)?))?;
            }
            "SqlCheckConstraint" => self.constraint(node, "DefiningTable", Constraint::Check(read::check(node)))?,
            "SqlDefaultConstraint" => {
                self.constraint(node, "DefiningTable", Constraint::Default(read::default(node)))?
            }
            "SqlIndex" => self.constraint(node, "IndexedObject", Constraint::Index(read::index(node)))?,
            "SqlSequence" => model.sequences.push(read::sequence(node)?),
            "SqlExtendedProperty" => {
                let name = node.name();
                model.extended_properties.push(ExtendedProperty {
                    host: name.parent(),
                    name: name.last().to_owned(),
                    literal: node.property("Value").unwrap_or_default().to_owned(),
                });
            }
            "SqlView"
            | "SqlProcedure"
            | "SqlScalarFunction"
            | "SqlInlineTableValuedFunction"
            | "SqlMultiStatementTableValuedFunction"
            | "SqlDmlTrigger"
            | "SqlDatabaseDdlTrigger" => {
                model.programmable.push(read::programmable(node));
            }
            other => *model.skipped.entry(other.to_owned()).or_default() += 1,
        }
        Ok(())
    }

    fn table(&mut self, node: &Node) -> Result<(), String> {
        let name = node.name();
        let [schema, table] = name.0.as_slice() else {
            return Err("not a schema and a table".to_owned());
        };
        let mut table = Table {
            schema: schema.clone(),
            name: table.clone(),
            ..Table::default()
        };
        let mut specs = Vec::new();
        // Not ignoring case: under some collations these are different columns.
        let mut names = HashSet::new();
        for member in node.members("Columns") {
            if member.kind() == "SqlComputedColumn" {
                table.computed.push(read::computed(member));
                continue;
            }
            let column = member.name().last().to_owned();
            if column.is_empty() {
                return Err("a column without a name".to_owned());
            }
            if !names.insert(column.clone()) {
                return Err(format!("column {column:?} occurs twice"));
            }
            // The data of a column that is left out would be read as the next column's.
            if member.kind() != "SqlSimpleColumn" {
                return Err(format!("column {column:?} of the unknown kind {:?}", member.kind()));
            }
            let spec = member.members("TypeSpecifier").next();
            let spec = match spec.map(|spec| (spec, TypeSpec::read(spec))) {
                Some((_, Some(spec))) => spec,
                Some((found, None)) if found.kind() == "SqlXmlTypeSpecifier" => TypeSpec::named("xml"),
                _ => return Err(format!("column {column:?} has no type")),
            };
            let nullable = !member
                .property("IsNullable")
                .is_some_and(|value| value.eq_ignore_ascii_case("false"));
            table.columns.push(Column {
                field: Field::new(column, SqlType::Unsupported(String::new()), nullable),
                declared: spec.name.to_string(),
                collation: member.property("Collation").map(str::to_owned),
                identity: read::identity(member)?,
                generated_always: member.property("GeneratedAlwaysType").is_some_and(|kind| kind != "0"),
            });
            specs.push(spec);
        }
        self.model.tables.push(table);
        self.specs.push(specs);
        Ok(())
    }

    fn constraint(&mut self, node: &Node, relationship: &str, constraint: Constraint) -> Result<(), String> {
        let table = node.references(relationship).next().ok_or("it belongs to no table")?;
        self.constraints.push((table, constraint));
        Ok(())
    }

    fn finish(mut self) -> Result<Model, Error> {
        for (table, specs) in self.model.tables.iter_mut().zip(&self.specs) {
            for (column, spec) in table.columns.iter_mut().zip(specs) {
                column.field.sql_type = spec.resolve(&self.aliases).map_err(|problem| Error::Model {
                    element: format!("[{}].[{}].[{}]", table.schema, table.name, column.field.name),
                    problem,
                })?;
            }
        }
        let mut places = HashMap::new();
        for (index, table) in self.model.tables.iter().enumerate() {
            let name = ObjectName(vec![table.schema.clone(), table.name.clone()]);
            if places.insert(name.key(), index).is_some() {
                return Err(Error::Model {
                    element: name.to_string(),
                    problem: "the table occurs twice".to_owned(),
                });
            }
        }
        for (name, constraint) in self.constraints {
            // Views and table types have indexes and constraints too; they hold no data.
            let Some(table) = places
                .get(&name.key())
                .and_then(|index| self.model.tables.get_mut(*index))
            else {
                *self
                    .model
                    .skipped
                    .entry("of something that is not a table".to_owned())
                    .or_default() += 1;
                continue;
            };
            match constraint {
                Constraint::Primary(key) => {
                    if table.primary_key.replace(key).is_some() {
                        return Err(Error::Model {
                            element: name.to_string(),
                            problem: "the table has two primary keys".to_owned(),
                        });
                    }
                }
                Constraint::Unique(key) => table.unique.push(key),
                Constraint::Foreign(key) => table.foreign_keys.push(key),
                Constraint::Check(check) => table.checks.push(check),
                Constraint::Default(default) => table.defaults.push(default),
                Constraint::Index(index) => table.indexes.push(index),
            }
        }
        Ok(self.model)
    }
}
